import type { Database, Ports } from '#platform/ports.ts';
import { backoff, type Backoff } from '#platform/backoff.ts';
import { DatabaseError } from '#platform/database-error.ts';
import { reasonOf } from '#platform/reason.ts';
import { reserveBytes } from '../outbox/reserve.ts';
import { Batches } from './batches.ts';
import { telemetrySchema } from './schema.ts';

const reopening = { firstMs: 5000, maxMs: 300_000 };
/** With less than this free, what is left of the disk is for alarms. */
const roomForAlarms = 8 * reserveBytes;
const lookEveryMs = 10_000;

/** An open telemetry file, and the epoch in which it is written. */
export interface OpenFile {
  readonly batches: Batches;
  readonly epoch: string;
  /** The last n that is stored. */
  n: number;
}

/** The telemetry file's coming and going. It is nothing that an edge could not live without for a while. */
export class TelemetryFile {
  readonly #ports: Ports;
  readonly #pace: Backoff;
  #database: Database | null = null;
  #open: OpenFile | null = null;
  #closed = false;
  #roomy = true;
  #lookedAt: number | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#pace = backoff(reopening, ports.random);
  }

  get open(): OpenFile | null {
    return this.#open;
  }

  /** Opens it, and tries again with back-off where it cannot be opened; resolves after the first try. */
  async start(): Promise<void> {
    try {
      await this.#tryOpening();
    } catch (error) {
      this.#warn(error);
      if (error instanceof DatabaseError && error.code === 'corrupt') await this.#setAside();
      this.#again();
    }
  }

  async #tryOpening(): Promise<void> {
    const { databases, random } = this.#ports;
    const file = await databases.open('telemetry', 'relaxed', telemetrySchema);
    const epoch = Buffer.from(random.bytes(8)).toString('hex');
    if (this.#closed) return file.close();
    this.#database = file;
    this.#open = { batches: new Batches(file), epoch, n: 0 };
  }

  #again(): void {
    if (!this.#closed) this.#ports.clock.after(this.#pace.next(), () => void this.start());
  }

  /** A call on the file failed: opens it anew when it was lost. */
  failed(error: unknown): void {
    this.#warn(error);
    const code = error instanceof DatabaseError ? error.code : null;
    if (code !== 'corrupt' && code !== 'io' && code !== 'closed') return;
    const lost = this.#database;
    if (!lost || this.#closed) return;
    this.#database = null;
    this.#open = null;
    void lost
      .close()
      .catch((e: unknown) => this.#warn(e))
      .then(() => (code === 'corrupt' ? this.#setAside() : undefined))
      .then(() => this.#again());
  }

  async #setAside(): Promise<void> {
    const { clock, disk } = this.#ports;
    await disk.setAside('telemetry', Math.round(clock.wall())).catch((e: unknown) => this.#warn(e));
  }

  /** Whether the disk has room for more than alarms. */
  async roomy(): Promise<boolean> {
    const { clock, disk } = this.#ports;
    const now = clock.monotonic();
    if (this.#lookedAt !== null && now - this.#lookedAt < lookEveryMs) return this.#roomy;
    this.#lookedAt = now;
    try {
      this.#roomy = (await disk.freeBytes()) >= roomForAlarms;
    } catch (error) {
      this.#warn(error);
    }
    return this.#roomy;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#database;
    this.#database = null;
    this.#open = null;
    await file?.close();
  }

  #warn(error: unknown): void {
    this.#ports.log.warn('the telemetry file does not do as it should', { reason: reasonOf(error) });
  }
}
