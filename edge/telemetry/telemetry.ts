import { z } from 'zod';
import type { Database, Ports } from '#platform/ports.ts';
import {
  deviceRecord,
  point as pointSchema,
  type DeviceRecord,
  type Point,
  type TelemetryMessage,
} from '#protocols/messages/telemetry.ts';
import type { Notices } from '../notices.ts';
import { reasonOf } from '#platform/reason.ts';
import type { BulkLink } from '../uplink/bulk-link.ts';
import type { CloudClock } from '../uplink/offset.ts';
import { telemetrySchema } from './schema.ts';

/** Bounds. A batch is what came in within `batchEveryMs`; what is over a bound goes, oldest first. */
export interface TelemetryLimits {
  batchEveryMs: number;
  pointsInBatch: number;
  batchesKept: number;
  keptMs: number;
}
const usualLimits: TelemetryLimits = {
  batchEveryMs: 1000,
  pointsInBatch: 500,
  // A week of a batch each second would be 600,000; a campus measures far less often than that.
  batchesKept: 100_000,
  keptMs: 7 * 24 * 3600 * 1000,
};
/** Batches on their way at once, so that an old pile drains at a bounded rate beside what is new. */
const window = 20;
/** A batch without its receipt for so long is sent again, ms. */
const answerLimitMs = 10_000;
/** A loss is over when none has followed it for so long, ms. */
const lossTellsMs = 60_000;

const batchRow = z.object({
  id: z.int(),
  epoch: z.string(),
  n: z.int(),
  points: z.string(),
  records: z.string(),
});
type Batch = z.infer<typeof batchRow>;

/**
 * Measured values, kept in a bounded file until the cloud has stored them. Nothing of an alarm waits for this,
 * and nothing here is worth an alarm: what the file cannot take is counted, told, and gone.
 */
export class Telemetry {
  readonly #ports: Ports;
  readonly #link: Pick<BulkLink, 'up' | 'session' | 'publishTelemetry'>;
  readonly #cloudClock: CloudClock;
  readonly #notices: Notices;
  readonly #limits: TelemetryLimits;
  #file: Database | null = null;
  #epoch = '';
  #n = 0;
  #waiting: Point[] = [];
  #records: DeviceRecord[] = [];
  #lost = 0;
  #lostAt = 0;
  /** Batches that were sent and not answered, by row, with the time they were sent. */
  #sent = new Map<number, { batch: Batch; at: number }>();
  #busy = false;
  #closed = false;

  constructor(
    ports: Ports,
    link: Pick<BulkLink, 'up' | 'session' | 'publishTelemetry'>,
    cloudClock: CloudClock,
    notices: Notices,
    limits: TelemetryLimits = usualLimits,
  ) {
    this.#ports = ports;
    this.#link = link;
    this.#cloudClock = cloudClock;
    this.#notices = notices;
    this.#limits = limits;
  }

  /** Opens the file; without it values are only kept for a batch. */
  async start(): Promise<void> {
    this.#epoch = Buffer.from(this.#ports.random.bytes(8)).toString('hex');
    try {
      const file = await this.#ports.databases.open('telemetry', 'relaxed', telemetrySchema);
      const [closed] = await file.read("SELECT value FROM meta WHERE key = 'closed'");
      const kept = typeof closed?.value === 'string' ? closed.value.split(' ') : [];
      if (kept[0] && kept[1]) {
        this.#epoch = kept[0];
        this.#n = Number(kept[1]);
      }
      // From here on the epoch is only good for this run, until it is closed in order again.
      await file.commit([{ sql: "DELETE FROM meta WHERE key = 'closed'" }]);
      this.#file = file;
    } catch (error) {
      this.#failed(error);
    }
    this.#tick();
  }

  measure(device: string, field: string, value: number, unit: string): void {
    const at = Math.round(this.#cloudClock.at(this.#ports.clock.monotonic()));
    const point = pointSchema.safeParse({ device, field, value, unit, at });
    if (point.success && this.#waiting.length < this.#limits.pointsInBatch) this.#waiting.push(point.data);
    else this.#lose(1, point.success ? 'more values than a batch takes' : 'not a value that can be stored');
  }

  /** Something that happened at a device; `readAt` is monotonic. */
  record(
    device: string,
    kind: DeviceRecord['kind'],
    details: DeviceRecord['details'] = {},
    readAt: number = this.#ports.clock.monotonic(),
  ): void {
    const at = Math.round(this.#cloudClock.at(readAt));
    const record = deviceRecord.safeParse({ device, kind, at, details });
    if (record.success && this.#records.length < this.#limits.pointsInBatch) this.#records.push(record.data);
    else
      this.#lose(1, record.success ? 'more records than a batch takes' : 'not a record that can be stored');
  }

  /** Cumulative: all of an epoch up to and including `n` is stored. */
  receipt(epoch: string, n: number): void {
    for (const [id, { batch }] of this.#sent) {
      if (batch.epoch === epoch && batch.n <= n) this.#sent.delete(id);
    }
    const sql = 'DELETE FROM batches WHERE epoch = ? AND n <= ?';
    this.#file?.commit([{ sql, params: [epoch, n] }]).then(
      () => void this.#drain(),
      (error: unknown) => this.#failed(error),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#file;
    if (!file) return;
    await this.#store();
    const sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('closed', ?)";
    await file
      .commit([{ sql, params: [`${this.#epoch} ${this.#n}`] }])
      .catch((e: unknown) => this.#failed(e));
    this.#file = null;
    await file.close();
  }

  #tick(): void {
    if (this.#closed) return;
    this.#ports.clock.after(this.#limits.batchEveryMs, () => this.#tick());
    void this.#store().then(() => this.#drain());
  }

  async #store(): Promise<void> {
    const file = this.#file;
    if (this.#waiting.length + this.#records.length === 0 || !file) return;
    const points = this.#waiting;
    const records = this.#records;
    this.#waiting = [];
    this.#records = [];
    const at = Math.round(this.#ports.clock.wall());
    const n = ++this.#n;
    const oldest = 'SELECT id FROM batches ORDER BY id DESC LIMIT 1 OFFSET ?';
    try {
      const [, over] = await file.commit([
        {
          sql: 'INSERT INTO batches (epoch, n, at, points, records) VALUES (?, ?, ?, ?, ?)',
          params: [this.#epoch, n, at, JSON.stringify(points), JSON.stringify(records)],
        },
        {
          sql: `DELETE FROM batches WHERE id <= (${oldest}) OR at < ? RETURNING json_array_length(points) + json_array_length(records) AS points`,
          params: [this.#limits.batchesKept, at - this.#limits.keptMs],
        },
      ]);
      const gone = (over?.rows ?? []).reduce((sum, row) => sum + Number(row.points), 0);
      if (gone > 0) this.#lose(gone, 'the cloud has not taken them for too long');
      else if (this.#ports.clock.monotonic() - this.#lostAt >= lossTellsMs) {
        this.#notices.close('telemetry', 'values');
      }
    } catch (error) {
      this.#lose(points.length + records.length, reasonOf(error));
    }
  }

  /** Sends the oldest that are not on their way, a window of them at a time. */
  async #drain(): Promise<void> {
    const file = this.#file;
    if (this.#busy || !file || !this.#link.up || this.#closed) return;
    this.#busy = true;
    try {
      const now = this.#ports.clock.monotonic();
      for (const [id, { at }] of this.#sent) if (now - at >= answerLimitMs) this.#sent.delete(id);
      const sql = 'SELECT id, epoch, n, points, records FROM batches ORDER BY id LIMIT ?';
      for (const row of await file.read(sql, [window])) {
        const batch = batchRow.parse(row);
        if (!this.#sent.has(batch.id)) await this.#send(batch);
      }
    } catch (error) {
      this.#ports.log.warn('telemetry is not drained', { reason: reasonOf(error) });
    } finally {
      this.#busy = false;
    }
  }

  async #send(batch: Batch): Promise<void> {
    this.#sent.set(batch.id, { batch, at: this.#ports.clock.monotonic() });
    const message: TelemetryMessage = {
      kind: 'telemetry',
      session: this.#link.session(),
      epoch: batch.epoch,
      n: batch.n,
      points: JSON.parse(batch.points) as Point[],
      records: JSON.parse(batch.records) as DeviceRecord[],
    };
    try {
      await this.#link.publishTelemetry(JSON.stringify(message));
    } catch (error) {
      this.#sent.delete(batch.id);
      throw error;
    }
  }

  #failed(error: unknown): void {
    this.#ports.log.warn('the telemetry file does not do as it should', { reason: reasonOf(error) });
  }

  /** Values that are gone, counted since the start. */
  #lose(count: number, why: string): void {
    this.#lost += count;
    this.#lostAt = this.#ports.clock.monotonic();
    this.#ports.log.warn('measured values are lost', { count, lost: this.#lost, why });
    this.#notices.open('telemetry', 'values', {
      zh: `网关丢弃了测量数据（累计 ${this.#lost} 个值）：${why}`,
      en: `The gateway has dropped measured values (${this.#lost} so far): ${why}`,
    });
  }
}
