import { encodeContactId } from '#protocols/contact-id.ts';
import { formatTimestamp } from '#protocols/dc09/timestamp.ts';
import { type Identity, identityOf } from './centre-book.ts';
import { type Finger, fingerText } from './ledger.ts';

/** One name that a press was given, and what it looks like at 110 under that name. */
export interface Named {
  name: string;
  identity: Identity;
  mode: string;
  /** As `zone code`. */
  point: string;
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
  };
}

/** Every name that anybody has heard of a press: the edge's file, the broker, the cloud's. */
export class Names {
  readonly #ofFinger = new Map<string, Map<string, Named>>();
  readonly #fingerOf = new Map<string, string>();

  learn({ name, facts }: Told): void {
    if (facts.origin === null) return;
    const { account, code, zone, occurred_at, clock_known, mode } = facts;
    const finger = fingerText(facts.origin);
    const text = `${name.gateway}.${name.epoch}.alarm.${name.n}`;
    const identity = identityOf({
      account,
      sequence: 1 + ((name.n - 1) % 9999),
      data: encodeContactId({ account, qualifier: 1, code, partition: 0, zone }),
      h: clock_known ? formatTimestamp(occurred_at) : null,
    });
    const named = this.#ofFinger.get(finger) ?? new Map<string, Named>();
    this.#ofFinger.set(finger, named);
    named.set(`${text} ${identity}`, { name: text, identity, mode, point: `${zone} ${code}` });
    this.#fingerOf.set(text, finger);
  }

  of(finger: string): Named[] {
    return [...(this.#ofFinger.get(finger)?.values() ?? [])];
  }

  fingerOf(name: string): string | undefined {
    return this.#fingerOf.get(name);
  }
}
