import type { Clock } from '#platform/ports.ts';

/** So many failures are free; then each doubles the wait, from a second up to `mostMs`. */
interface Rule {
  free: number;
  mostMs: number;
}

/**
 * Guessing is slowed where it comes from. The bound for an account from everywhere is a minute only, and does not hold
 * for addresses from which its owner has signed in: a stranger cannot lock anybody out.
 */
const rules = {
  address: { free: 20, mostMs: 15 * 60_000 },
  accountFromAddress: { free: 5, mostMs: 15 * 60_000 },
  account: { free: 50, mostMs: 60_000 },
} satisfies Record<string, Rule>;
const firstMs = 1_000;
/** Failures are forgotten after so long without another. */
const forgottenAfterMs = 3_600_000;
/** Of each kind; beyond it the one that failed longest ago is forgotten. */
const rememberedLimit = 10_000;

/** Back-off of sign-ins, in bounded memory. It begins anew with the process. */
export class Lockout {
  readonly #clock: Clock;
  readonly #failures: Record<keyof typeof rules, Map<string, { count: number; at: number }>> = {
    address: new Map(),
    accountFromAddress: new Map(),
    account: new Map(),
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until this may be tried, 0: now. `known`: the account has signed in from there. */
  waitMs(username: string, address: string, known: boolean): number {
    const now = this.#clock.monotonic();
    return Math.max(
      ...keysOf(username, address).map(([kind, key]) => {
        const failed = this.#failures[kind].get(key);
        if (failed === undefined || now - failed.at > forgottenAfterMs) return 0;
        if (kind === 'account' && known) return 0;
        const { free, mostMs } = rules[kind];
        if (failed.count < free) return 0;
        return failed.at + Math.min(mostMs, firstMs * 2 ** Math.min(30, failed.count - free)) - now;
      }),
      0,
    );
  }

  failed(username: string, address: string): void {
    const at = this.#clock.monotonic();
    for (const [kind, key] of keysOf(username, address)) {
      const failures = this.#failures[kind];
      const before = failures.get(key);
      const count = before === undefined || at - before.at > forgottenAfterMs ? 0 : before.count;
      // Put in anew, so that the map is in the order of the last failure.
      failures.delete(key);
      failures.set(key, { count: count + 1, at });
      if (failures.size > rememberedLimit) failures.delete(failures.keys().next().value!);
    }
  }

  /** The failures of this account from there are forgiven; those of the address are not: it may try others. */
  succeeded(username: string, address: string): void {
    this.#failures.accountFromAddress.delete(`${username} ${networkOf(address)}`);
  }
}

function keysOf(username: string, address: string): [keyof typeof rules, string][] {
  const network = networkOf(address);
  return [
    ['address', network],
    ['accountFromAddress', `${username} ${network}`],
    ['account', username],
  ];
}

/** Whoever has one IPv6 address has the /64 around it. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  if (tail !== undefined) while (groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
