import type { Clock } from '#platform/ports.ts';
import type { Dc09Connection, ExchangeOutcome, Submission } from './dc09-connection.ts';

/** Gets a connection, or why it gets none. */
type Waiting = (turn: Dc09Connection | ExchangeOutcome) => void;

/**
 * A few connections, and the alarms that wait for one of them, first come first served. None is dropped: one
 * that has waited `patienceMs` is told so, and its sender turns to the next door.
 */
export class ConnectionPool {
  readonly #all: readonly Dc09Connection[];
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #free: Set<Dc09Connection>;
  /** In order of arrival. Not limited: it holds what `deliver` was called with, for `patienceMs` at most. */
  readonly #queue = new Set<Waiting>();

  constructor(connections: readonly Dc09Connection[], clock: Clock, patienceMs: number) {
    this.#all = connections;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#free = new Set(connections);
  }

  /** Settles within `patienceMs` and one longest conversation; never rejects. */
  async exchange(submission: Submission): Promise<ExchangeOutcome> {
    // Without a pause where a connection is free: the frame leaves before anything else is done for the alarm.
    const turn = this.#lease() ?? (await this.#turn());
    if ('kind' in turn) return turn;
    const outcome = await turn.exchange(submission);
    this.#pass(turn);
    return outcome;
  }

  /** Every exchange, begun or waiting, settles as `closed`. */
  close(): void {
    for (const connection of this.#all) connection.close();
    for (const waiting of this.#queue)
      waiting({ kind: 'failed', fault: 'closed', reason: 'the door is closed' });
  }

  /** An open connection if one is free, else one that has yet to connect. */
  #lease(): Dc09Connection | undefined {
    const free = [...this.#free];
    const connection = free.find((c) => c.ready) ?? free[0];
    if (connection) this.#free.delete(connection);
    return connection;
  }

  #turn(): Promise<Dc09Connection | ExchangeOutcome> {
    return new Promise((settle) => {
      const waiting: Waiting = (turn) => {
        cancel();
        this.#queue.delete(waiting);
        settle(turn);
      };
      const reason = `no connection was free within ${this.#patienceMs} ms`;
      const cancel = this.#clock.after(this.#patienceMs, () =>
        waiting({ kind: 'failed', fault: 'silent', reason }),
      );
      this.#queue.add(waiting);
    });
  }

  #pass(connection: Dc09Connection): void {
    const [next] = this.#queue;
    if (next) next(connection);
    else this.#free.add(connection);
  }
}
