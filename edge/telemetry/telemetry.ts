import type { Ports } from '#platform/ports.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import {
  deviceRecord,
  point as pointSchema,
  type DeviceRecord,
  type Point,
  type TelemetryGone,
  type TelemetryMessage,
} from '#protocols/messages/telemetry.ts';
import { reasonOf } from '#platform/reason.ts';
import type { Notices } from '../notices.ts';
import type { BulkLink } from '../uplink/bulk-link.ts';
import type { CloudClock } from '../uplink/offset.ts';
import type { Batch, Gone } from './batches.ts';
import { type OpenFile, TelemetryFile } from './file.ts';
import { Pace } from './pace.ts';

type TelemetryReceipt = Extract<ReceiptLaneMessage, { kind: 'telemetry-receipt' }>;

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
/** Batches, and bytes, on their way at once: what waits in sockets and at the broker is bounded. */
const batchesInFlight = 20;
const bytesInFlight = 256 * 1024;
/** A batch without its receipt for so long is sent again, ms. */
const answerLimitMs = 10_000;
/** Notes of what is gone that are told unasked and wait for their receipt. */
const notesAtOnce = 20;
/** A loss is over when none has followed it for so long, ms. */
const lossTellsMs = 60_000;
/** How often it is looked whether there is something to send that the bounds held back, ms. */
const drainEveryMs = 200;

/** What telemetry asks of the edge around it. */
export interface TelemetrySurroundings {
  gateway: string;
  link: Pick<BulkLink, 'up' | 'session' | 'publishTelemetry'>;
  cloudClock: CloudClock;
  notices: Notices;
  /** An alarm is on its way: it has the line, the processor and the disk to itself. */
  alarmOnItsWay(): boolean;
}

/**
 * Measured values, kept in a bounded file until the cloud has stored them. Nothing of an alarm waits for this,
 * and nothing here is worth an alarm: what the file cannot take, and what the cloud will not take, is counted,
 * told, and gone.
 */
export class Telemetry {
  readonly #ports: Ports;
  readonly #around: TelemetrySurroundings;
  readonly #limits: TelemetryLimits;
  readonly #file: TelemetryFile;
  readonly #pace: Pace;
  #waiting: Point[] = [];
  #records: DeviceRecord[] = [];
  #lost = 0;
  #lostAt = 0;
  /** Values that the cloud's pace has cost. */
  #shed = 0;
  #shedTold = 0;
  /** Batches that were sent and not answered, by row, with the time they were sent. */
  #sent = new Map<number, { batch: Batch; at: number; bytes: number }>();
  /** What was said to be gone unasked, with the time it was said. */
  #told = new Map<string, number>();
  #storing = false;
  #draining = false;
  #closed = false;

  constructor(ports: Ports, around: TelemetrySurroundings, limits: TelemetryLimits = usualLimits) {
    this.#ports = ports;
    this.#around = around;
    this.#limits = limits;
    this.#file = new TelemetryFile(ports);
    this.#pace = new Pace(ports.clock);
  }

  /** Opens the file; without it values are only kept for a batch. */
  async start(): Promise<void> {
    await this.#file.start();
    this.#tick();
    this.#drainTick();
  }

  measure(device: string, field: string, value: number, unit: string): void {
    const at = Math.round(this.#around.cloudClock.at(this.#ports.clock.monotonic()));
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
    const at = Math.round(this.#around.cloudClock.at(readAt));
    const record = deviceRecord.safeParse({ device, kind, at, details });
    if (record.success && this.#records.length < this.#limits.pointsInBatch) this.#records.push(record.data);
    else
      this.#lose(1, record.success ? 'more records than a batch takes' : 'not a record that can be stored');
  }

  /** What the cloud has of an epoch, what it misses there, and how fast it can take more. */
  receipt({ epoch, n, missing, pace }: Pick<TelemetryReceipt, 'epoch' | 'n' | 'missing' | 'pace'>): void {
    this.#pace.set(pace);
    const asked = (at: number) => missing.some(([from, to]) => at >= from && at <= to);
    for (const [id, { batch }] of this.#sent) {
      if (batch.epoch === epoch && (batch.n <= n || asked(batch.n))) this.#sent.delete(id);
    }
    void this.#answer(epoch, n, missing);
  }

  async #answer(epoch: string, n: number, missing: readonly (readonly [number, number])[]): Promise<void> {
    const batches = this.#file.open?.batches;
    if (!batches) return;
    try {
      await batches.stored(epoch, n);
      for (const [from, to] of missing) {
        for (const gone of await batches.goneOf(epoch, from, to)) {
          await this.#say(gone);
        }
      }
    } catch (error) {
      // Asked again with the next receipt.
      this.#file.failed(error);
    }
    void this.#drain();
  }

  async #say(gone: Gone): Promise<void> {
    const message: TelemetryGone = { kind: 'gone', session: this.#around.link.session(), ...gone };
    await this.#around.link.publishTelemetry(JSON.stringify(message));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#store();
    await this.#file.close();
  }

  #tick(): void {
    if (this.#closed) return;
    this.#ports.clock.after(this.#limits.batchEveryMs, () => this.#tick());
    void this.#store().then(() => this.#drain());
  }

  /** What the pace and the window hold back waits no longer than it must. */
  #drainTick(): void {
    if (this.#closed) return;
    this.#ports.clock.after(drainEveryMs, () => this.#drainTick());
    void this.#drain();
  }

  async #store(): Promise<void> {
    const open = this.#file.open;
    if (this.#waiting.length + this.#records.length === 0 || !open || this.#storing) return;
    const points = this.#waiting;
    const records = this.#records;
    this.#waiting = [];
    this.#records = [];
    this.#storing = true;
    const { cloudClock, notices } = this.#around;
    const now = this.#ports.clock.monotonic();
    // By a clock that may have been set anew nothing is old.
    const at = cloudClock.known ? Math.round(cloudClock.at(now)) : null;
    try {
      if (!(await this.#file.roomy())) throw new Error('the disk is nearly full, and its rest is for alarms');
      await open.batches.add({ epoch: open.epoch, n: open.n + 1, at, points, records });
      open.n++;
      let gone = await open.batches.tooMany(this.#limits.batchesKept);
      if (at !== null) gone += await open.batches.tooOld(at - this.#limits.keptMs);
      if (gone > 0) this.#lose(gone, 'the cloud has not taken them for too long');
      else if (now - this.#lostAt >= lossTellsMs) notices.close('telemetry', 'values');
    } catch (error) {
      this.#lose(points.length + records.length, reasonOf(error));
      this.#file.failed(error);
    } finally {
      this.#storing = false;
    }
  }

  /** Sends the oldest that are not on their way, as many as bounds and pace allow. */
  async #drain(): Promise<void> {
    const open = this.#file.open;
    if (this.#draining || !open || !this.#around.link.up || this.#closed) return;
    const { batches } = open;
    this.#draining = true;
    try {
      const now = this.#ports.clock.monotonic();
      for (const [id, { at }] of this.#sent) if (now - at >= answerLimitMs) this.#sent.delete(id);
      const dropped: Batch[] = [];
      for (const batch of await batches.oldest(batchesInFlight)) {
        if (this.#around.alarmOnItsWay() || this.#bytesOnTheirWay() >= bytesInFlight) break;
        if (this.#sent.has(batch.id)) continue;
        const points = JSON.parse(batch.points) as Point[];
        const records = JSON.parse(batch.records) as DeviceRecord[];
        const turn = this.#pace.turn(points.length + records.length, records.length > 0);
        if (turn === 'drop') dropped.push(batch);
        else if (turn === 'send') await this.#send(batch, points, records);
        else if (this.#pace.kind !== 'refused') break;
      }
      if (dropped.length > 0) {
        this.#shed += await batches.drop(dropped, this.#pace.kind === 'sampled' ? 'sampled' : 'refused');
      }
      await this.#tellGone(open);
      this.#tellPace();
    } catch (error) {
      this.#file.failed(error);
    } finally {
      this.#draining = false;
    }
  }

  /**
   * Of an epoch that is over the cloud is told unasked what is gone, until its receipt ends the note: no later number
   * would ever show it the gap.
   */
  async #tellGone({ batches, epoch }: OpenFile): Promise<void> {
    const now = this.#ports.clock.monotonic();
    const rest = await batches.goneBefore(epoch, notesAtOnce);
    for (const gone of rest) {
      const key = `${gone.epoch} ${gone.to}`;
      const toldAt = this.#told.get(key);
      if (toldAt !== undefined && now - toldAt < answerLimitMs) continue;
      if (this.#around.alarmOnItsWay() || this.#pace.turn(1, true) === 'wait') break;
      this.#told.set(key, now);
      await this.#say(gone);
    }
    for (const [key, at] of this.#told) if (now - at >= answerLimitMs) this.#told.delete(key);
  }

  #bytesOnTheirWay(): number {
    let sum = 0;
    for (const { bytes } of this.#sent.values()) sum += bytes;
    return sum;
  }

  async #send(batch: Batch, points: Point[], records: DeviceRecord[]): Promise<void> {
    const { epoch, n } = batch;
    const message: TelemetryMessage = {
      kind: 'telemetry',
      session: this.#around.link.session(),
      epoch,
      n,
      points,
      records,
    };
    const payload = JSON.stringify(message);
    this.#sent.set(batch.id, { batch, at: this.#ports.clock.monotonic(), bytes: payload.length });
    try {
      await this.#around.link.publishTelemetry(payload);
    } catch (error) {
      this.#sent.delete(batch.id);
      throw error;
    }
  }

  /** The cloud is overloaded, and what that costs: a notice, and a measured value of the gateway's own. */
  #tellPace(): void {
    const { gateway, notices } = this.#around;
    const { kind } = this.#pace;
    if (kind === 'free') notices.close('telemetry', 'pace');
    else {
      notices.open('telemetry', 'pace', {
        zh: `云端过载，网关测量数据已${paceWords[kind].zh}；报警不受影响`,
        en: `The cloud is overloaded: measured values of this gateway are ${paceWords[kind].en}; alarms are not affected`,
      });
    }
    if (this.#shed === this.#shedTold || kind === 'refused') return;
    this.#shedTold = this.#shed;
    this.#ports.log.warn('the pace of the cloud has cost measured values', { values: this.#shed });
    this.measure(gateway, 'telemetry_shed', this.#shed, '');
  }

  /** Values that are gone, counted since the start. */
  #lose(count: number, why: string): void {
    this.#lost += count;
    this.#lostAt = this.#ports.clock.monotonic();
    this.#ports.log.warn('measured values are lost', { count, lost: this.#lost, why });
    this.#around.notices.open('telemetry', 'values', {
      zh: `网关丢弃了测量数据（累计 ${this.#lost} 个值）：${why}`,
      en: `The gateway has dropped measured values (${this.#lost} so far): ${why}`,
    });
  }
}

const paceWords = {
  slowed: { zh: '减速上传', en: 'slowed down' },
  sampled: { zh: '抽样上传（其余丢弃并计数）', en: 'sampled (the rest is dropped and counted)' },
  refused: { zh: '暂停上传（丢弃并计数）', en: 'refused for a while (dropped and counted)' },
};
