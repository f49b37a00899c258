import { type ApiPerson, personListed, type PersonListed } from '#protocols/api-people.ts';
import { inChinese } from '#protocols/inventory/schema-words.ts';
import { readRows, type RowMistake, type Sheet } from '#protocols/inventory/tables/rows.ts';
import { peopleTable } from '#protocols/inventory/tables/tables.ts';

/** The people that a file names, each once, and what is wrong with it by row and column. */
export function peopleIn(sheets: readonly Sheet[]): { people: PersonListed[]; mistakes: RowMistake[] } {
  const { rows, mistakes } = readRows(sheets, [peopleTable]);
  const people = new Map<string, { row: number; person: PersonListed }>();
  const holders = new Map<string, string>();
  for (const { sheet, row, values, headOf } of rows) {
    const fields = values.filter(({ value }) => value !== undefined);
    const given = Object.fromEntries(fields.map(({ column, value }) => [column.path[0], value]));
    const complain = (field: unknown, text: RowMistake['text']) => {
      const column = peopleTable.columns.find(({ path }) => path[0] === field);
      mistakes.push({ sheet, row, column: column === undefined ? null : headOf(column), text });
    };
    const parsed = personListed.safeParse(given);
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        complain(issue.path[0], { zh: inChinese(issue), en: issue.message });
      continue;
    }
    const { id, cards } = parsed.data;
    const earlier = people.get(id);
    if (earlier !== undefined)
      complain('id', {
        zh: `第 ${earlier.row} 行已经写了 ${id}`,
        en: `row ${earlier.row} has ${id} already`,
      });
    for (const card of cards) {
      const holder = holders.get(card);
      if (holder !== undefined && holder !== id)
        complain('cards', {
          zh: `卡 ${card} 已经是 ${holder} 的`,
          en: `the card ${card} is already that of ${holder}`,
        });
      holders.set(card, id);
    }
    people.set(id, { row, person: parsed.data });
  }
  return { people: [...people.values()].map(({ person }) => person), mistakes };
}

/** How many of these people are new, are other than before, and are named no more. */
export function changesOf(before: readonly ApiPerson[], people: readonly PersonListed[], only: boolean) {
  const was = new Map(before.map((person) => [person.id, textOf(person)]));
  const given = new Set(people.map(({ id }) => id));
  return {
    added: people.filter(({ id }) => !was.has(id)).length,
    changed: people.filter((person) => was.has(person.id) && was.get(person.id) !== textOf(person)).length,
    removed: only ? before.filter(({ id }) => !given.has(id)).length : 0,
  };
}

function textOf({ id, name, role, cards }: PersonListed): string {
  return JSON.stringify([id, name, role, cards.toSorted()]);
}
