import type { Row, Statement } from '#platform/ports.ts';
import type { ApiPerson, PersonListed } from '#protocols/api-people.ts';
import type { Store } from '../store/store.ts';

/** Of which card it is said twice, and whose it is already. */
export interface Taken {
  card: string;
  person: string;
}

/** People by campus, and whose card is whose. Calls reject with a `DatabaseError`. */
export class Register {
  readonly #store: Store;
  /** By campus: the person of each card. */
  readonly #cards = new Map<string, ReadonlyMap<string, string>>();
  #serial: Promise<unknown> = Promise.resolve();

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(store: Store): Promise<Register> {
    const register = new Register(store);
    const rows = await store.read<CardRow>('SELECT campus, card, person FROM people_cards');
    for (const [campus, cards] of Map.groupBy(rows, (row) => row.campus))
      register.#cards.set(campus, new Map(cards.map(({ card, person }) => [card, person])));
    return register;
  }

  /**
   * Who checks in with a card: whose it is by the register. A card that nobody has registered is taken for the id of its
   * holder, as where cards are given out by ids; but never for the id of somebody who has a card of their own.
   */
  personOf(campus: string, card: string): string | null {
    const cards = this.#cards.get(campus);
    const registered = cards?.get(card.trim().toUpperCase());
    if (registered !== undefined) return registered;
    return cards !== undefined && [...cards.values()].includes(card) ? null : card;
  }

  async list(campus: string): Promise<ApiPerson[]> {
    const rows = await this.#store.read<Row & Omit<ApiPerson, 'cards'> & { cards: string }>(
      `SELECT campus, id, name, role, (SELECT json_group_array(card) FROM people_cards c
         WHERE c.campus = p.campus AND c.person = p.id) AS cards
       FROM people p WHERE campus = ? ORDER BY id`,
      [campus],
    );
    return rows.map((row) => ({ ...row, cards: (JSON.parse(row.cards) as string[]).toSorted() }));
  }

  /** Makes or changes people of a campus; `only`: all others of it go. All of them or, with a card twice, none. */
  put(campus: string, people: readonly PersonListed[], only: boolean): Promise<Taken | null> {
    return this.#inTurn(async () => {
      const given = new Set(people.map(({ id }) => id));
      const before = only ? [] : [...(this.#cards.get(campus) ?? [])];
      const cards = new Map(before.filter(([, person]) => !given.has(person)));
      for (const { id, cards: own } of people)
        for (const card of own) {
          const person = cards.get(card);
          if (person !== undefined && person !== id) return { card, person };
          cards.set(card, id);
        }
      const gone: Statement[] = only
        ? [{ sql: 'DELETE FROM people WHERE campus = ?', params: [campus] }]
        : [...given].map((id) => ({
            sql: 'DELETE FROM people WHERE campus = ? AND id = ?',
            params: [campus, id],
          }));
      await this.#store.commit([
        ...gone,
        ...people.map(({ id, name, role }) => ({
          sql: 'INSERT INTO people (campus, id, name, role) VALUES (?, ?, ?, ?)',
          params: [campus, id, name, role],
        })),
        ...cardRows(campus, cards),
      ]);
      this.#cards.set(campus, cards);
      return null;
    });
  }

  /** Whether there was such a person. */
  remove(campus: string, id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const cards = new Map([...(this.#cards.get(campus) ?? [])].filter(([, person]) => person !== id));
      const [removed] = await this.#store.commit([
        { sql: 'DELETE FROM people WHERE campus = ? AND id = ?', params: [campus, id] },
        ...cardRows(campus, cards),
      ]);
      this.#cards.set(campus, cards);
      return removed?.changes === 1;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#serial.then(work);
    this.#serial = done.catch(() => {});
    return done;
  }
}

type CardRow = Row & { campus: string; card: string; person: string };

function cardRows(campus: string, cards: ReadonlyMap<string, string>): Statement[] {
  return [
    { sql: 'DELETE FROM people_cards WHERE campus = ?', params: [campus] },
    ...[...cards].map(([card, person]) => ({
      sql: 'INSERT INTO people_cards (campus, card, person) VALUES (?, ?, ?)',
      params: [campus, card, person],
    })),
  ];
}
