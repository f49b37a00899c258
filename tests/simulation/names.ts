import { encodeContactId } from '#protocols/contact-id.ts';
import { formatTimestamp } from '#protocols/dc09/timestamp.ts';
import { type Identity, identityOf } from './centre-book.ts';
import { type Finger, fingerText, type Pressed } from './ledger.ts';

/** One name that a press was given, and what it looks like at 110 under that name. */
export interface Named {
  name: string;
  identity: Identity;
  mode: string;
  /** As `zone code`. */
  point: string;
  /** The gateway took it for a drill; this is what it is to a cloud that knows of none. */
  judged: boolean;
}

/** What a message or a row says of an alarm. */
export interface Told {
  name: { gateway: string; epoch: string; n: number };
  facts: {
    mode: string;
    account: string;
    zone: number;
    code: string;
    occurred_at: number;
    clock_known: boolean;
    origin: Finger | null;
    sum?: { count: number; first: Finger; last: Finger };
  };
}

/** A press that a sum stands for, as the outbox keeps it. */
export interface SummedRow {
  sum: Told['name'];
  origin: Finger;
}

export interface Sum {
  name: string;
  count: number;
  first: string;
  last: string;
  /** Those of which the outbox had a row. */
  members: Set<string>;
  named: Named[];
}

/** Every name that anybody has heard of a press: the edge's file, the broker, the cloud's. */
export class Names {
  readonly #ofFinger = new Map<string, Map<string, Named>>();
  readonly #fingerOf = new Map<string, string>();
  readonly #members = new Map<string, Set<string>>();
  readonly #sums = new Map<string, Sum>();

  learn(told: Told): void {
    const { origin, sum } = told.facts;
    const text = textOf(told.name);
    if (sum !== undefined) {
      const [first, last] = [fingerText(sum.first), fingerText(sum.last)];
      this.#fingerOf.set(text, first);
      // An outbox that was put back sums anew, under the same name, what it had then.
      this.#sums.set(`${text} ${sum.count} ${last}`, {
        name: text,
        count: sum.count,
        first,
        last,
        members: this.#membersOf(text),
        named: namedOf(told),
      });
    }
    if (origin === null) return;
    const finger = fingerText(origin);
    const named = this.#ofFinger.get(finger) ?? new Map<string, Named>();
    this.#ofFinger.set(finger, named);
    for (const one of namedOf(told)) named.set(`${text} ${one.mode} ${one.identity}`, one);
    this.#fingerOf.set(text, finger);
  }

  learnMember({ sum, origin }: SummedRow): void {
    this.#membersOf(textOf(sum)).add(fingerText(origin));
  }

  sums(name?: string): Sum[] {
    const all = [...this.#sums.values()];
    return name === undefined ? all : all.filter((sum) => sum.name === name);
  }

  /**
   * Whether a sum stands for this press: by the outbox's rows or, where a dead disk took those, when it was made between
   * the first and the last of the sum.
   */
  isIn(sum: Sum, pressed: Pressed, all: readonly Pressed[]): boolean {
    if (sum.members.has(pressed.finger)) return true;
    if (sum.members.size >= sum.count || pressed.type !== 'press') return false;
    const [first, last] = [sum.first, sum.last].map((finger) => all.find((p) => p.finger === finger));
    if (first === undefined || last === undefined || pressed.unit !== first.unit) return false;
    return pressed.at >= first.at && pressed.at <= last.at;
  }

  /** The names of the press itself, and of the sums that stand for it. */
  of(pressed: Pressed, all: readonly Pressed[]): Named[] {
    const own = [...(this.#ofFinger.get(pressed.finger)?.values() ?? [])];
    if (this.#sums.size === 0) return own;
    const sums = [...this.#sums.values()].filter((sum) => this.isIn(sum, pressed, all));
    return [...own, ...sums.flatMap(({ named }) => named)];
  }

  fingerOf(name: string): string | undefined {
    return this.#fingerOf.get(name);
  }

  #membersOf(sum: string): Set<string> {
    const members = this.#members.get(sum) ?? new Set<string>();
    this.#members.set(sum, members);
    return members;
  }
}

export function textOf({ gateway, epoch, n }: Told['name']): string {
  return `${gateway}.${epoch}.alarm.${n}`;
}

/** What 110 is told under this name. */
export function namedOf({
  name,
  facts,
}: Pick<Told, 'name'> & { facts: Omit<Told['facts'], 'origin' | 'sum'> }): Named[] {
  const { account, code, zone, occurred_at, clock_known, mode } = facts;
  const as = (mode: string, code: string, judged: boolean): Named => ({
    name: textOf(name),
    identity: identityOf({
      account,
      sequence: 1 + ((name.n - 1) % 9999),
      data: encodeContactId({ account, qualifier: 1, code, partition: 0, zone }),
      h: clock_known ? formatTimestamp(occurred_at) : null,
    }),
    mode,
    point: `${zone} ${code}`,
    judged,
  });
  // In every doubt it is real: to a cloud that knows of no such drill, a panic alarm.
  return [as(mode, code, false), ...(mode === 'drill' ? [as('real', '120', true)] : [])];
}
