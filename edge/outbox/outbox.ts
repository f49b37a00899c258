import { z } from 'zod';
import type { Clock, Database, Log, Ports, Randomness, Row, Statement } from '#platform/ports.ts';
import { nameText, originText, type SignalName, type SignalType } from '#protocols/signal.ts';
import { type Backoff, backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import { Names, type Reservation } from './names.ts';
import { alarmRecord, type AlarmRecord } from './record.ts';
import { outboxSchema } from './schema.ts';

const reservation = z.object({ epoch: z.string().regex(/^[0-9a-f]{16}$/), reserved: z.int().min(0) });

/** The last comparison with the cloud's clock: cloud − edge, ms, and the edge's wall clock at that time. */
const keptClock = z.object({ offset_ms: z.number(), wall: z.number() });
export type KeptClock = z.infer<typeof keptClock>;

/** A rise of a level, written in the very commit of its alarm. */
export interface Rise {
  device: string;
  type: SignalType;
}

type Opening = { kind: 'kept'; kept: Kept } | { kind: 'slow' | 'failed'; reason: string };

/** What the file held when it was opened. */
export interface Kept {
  alarms: AlarmRecord[];
  rises: Rise[];
  clock: KeptClock | null;
}

/** `known`: the same press is in the file under another name; null when that row cannot be read. */
export type Written = { kind: 'written' } | { kind: 'known'; record: AlarmRecord | null };

const openLimitMs = 5000;
const reopening = { firstMs: 1000, maxMs: 30_000 };
const persisting = { firstMs: 200, maxMs: 10_000 };
const receiptsKeptMs = 30 * 24 * 3600 * 1000;

const writeSql = `INSERT INTO alarms (name, device, origin, record, left_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET record = excluded.record, left_at = excluded.left_at
  ON CONFLICT (device, origin) DO UPDATE SET name = alarms.name
  RETURNING name, record`;

/**
 * The alarms' file, and the names of alarms. The edge runs on without it: then names come from epochs that are
 * not kept, writes reject, and the file is tried again for ever.
 */
export class Outbox {
  readonly #gateway: string;
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #log: Log;
  readonly #open: () => Promise<Database>;
  #file: Database | null = null;
  #names: Names;
  #persisted: Reservation | null = null;
  #persisting = false;
  readonly #pace: Backoff;
  /** The present epoch is in use: what the file says comes too late. */
  #named = false;
  #closed = false;

  constructor(ports: Ports, gateway: string) {
    this.#gateway = gateway;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#open = () => ports.databases.open('alarms', 'durable', outboxSchema);
    this.#names = new Names(ports.random, null);
    this.#pace = backoff(persisting, ports.random);
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  get epoch(): string {
    return this.#names.epoch;
  }

  /** The highest n of the current epoch that may have been used. */
  get highestN(): number {
    return this.#names.highest;
  }

  /**
   * Opens the file and tells what it held; waits 5 s at most. Null: it cannot be opened. Then it is tried again
   * behind the caller's back (`failed` is told why, each time), and `late` gets what it held when that succeeds.
   */
  async start(late: (kept: Kept) => void, failed: (reason: string) => void): Promise<Kept | null> {
    const first = this.#openAndLoad();
    const answer = await this.#within(openLimitMs, first);
    if (answer.kind === 'kept') return answer.kept;
    // From here on names are given, and births told, in an epoch of our own.
    this.#named = true;
    failed(answer.reason);
    void this.#keepOpening(answer.kind === 'slow' ? first : null, late, failed);
    return null;
  }

  async #keepOpening(
    pending: Promise<Kept> | null,
    late: (kept: Kept) => void,
    failed: (reason: string) => void,
  ): Promise<void> {
    const pace = backoff(reopening, this.#random);
    while (!this.#closed) {
      try {
        late(await (pending ?? this.#openAndLoad()));
        return;
      } catch (error) {
        failed(reasonOf(error));
        pending = null;
        await new Promise<void>((done) => {
          this.#clock.after(pace.next(), done);
        });
      }
    }
  }

  async #within(ms: number, opening: Promise<Kept>): Promise<Opening> {
    return new Promise((done) => {
      const slow = () => done({ kind: 'slow', reason: `no answer within ${ms} ms` });
      const cancel = this.#clock.after(ms, slow);
      opening.then(
        (kept) => done({ kind: 'kept', kept }),
        (error: unknown) => done({ kind: 'failed', reason: reasonOf(error) }),
      );
      void opening.then(cancel, cancel);
    });
  }

  async #openAndLoad(): Promise<Kept> {
    const file = await this.#open();
    const kept = await this.#load(file);
    if (this.#closed) {
      await file.close();
      throw new Error('the edge is going down');
    }
    this.#file = file;
    await this.#reserveFirst(file);
    return kept;
  }

  /** The first block of this life: waited for, because a press before it would need an epoch of its own. */
  async #reserveFirst(file: Database): Promise<void> {
    const wanted = this.#names.wanted();
    try {
      await file.commit([putMeta('names', wanted)]);
      this.#persisted = wanted;
      this.#names.granted(wanted);
    } catch (error) {
      this.#log.warn('the outbox took no reservation of names', { reason: reasonOf(error) });
      this.#persist();
    }
  }

  async #load(file: Database): Promise<Kept> {
    const meta = new Map((await file.read('SELECT key, value FROM meta')).map((r) => [r.key, r.value]));
    const kept = parsed(reservation, meta.get('names'));
    const rows = await file.read('SELECT name, record FROM alarms WHERE left_at IS NULL ORDER BY rowid');
    const alarms: AlarmRecord[] = [];
    for (const row of rows) {
      const record = parsed(alarmRecord, row.record);
      if (record) alarms.push(record);
      else await this.#setAside(file, row);
    }
    const levels = await file.read<{ device: string; type: string }>('SELECT device, type FROM levels');
    if (kept && !this.#named) {
      this.#names = new Names(this.#random, kept);
      this.#persisted = kept;
    }
    return { alarms, rises: levels as Rise[], clock: parsed(keptClock, meta.get('clock')) };
  }

  /** A row that no version of ours can read: kept for people, but it must not make its press look known. */
  async #setAside(file: Database, row: Row): Promise<void> {
    this.#log.error('an alarm in the outbox cannot be read: set aside', {
      alarm: row.name,
      record: row.record,
    });
    const sql = 'UPDATE alarms SET origin = NULL, left_at = ? WHERE name = ?';
    await file.commit([{ sql, params: [Math.round(this.#clock.wall()), row.name!] }]);
  }

  /** A name that is safe to use at once. Never waits; `write` sees to it that there are more. */
  takeName(): SignalName {
    const { epoch, n } = this.#names.take();
    return { gateway: this.#gateway, epoch, lane: 'alarm', n };
  }

  /** For an outbox that was rewound: whatever was named after the copy was made is in the old epoch. */
  beginEpoch(): void {
    this.#names.beginEpoch();
    this.#persist();
  }

  /** Writes a record, new or changed. Rejects when it is not durable. */
  async write(record: AlarmRecord, more: { leftAt?: number; rise?: Rise } = {}): Promise<Written> {
    const name = nameText(record.name);
    const { origin, device } = record.facts;
    const statements: Statement[] = [
      {
        sql: writeSql,
        params: [
          name,
          device,
          origin === null ? null : originText(origin),
          JSON.stringify(record),
          more.leftAt === undefined ? null : Math.round(more.leftAt),
        ],
      },
    ];
    if (more.rise) {
      const sql = 'INSERT OR REPLACE INTO levels (device, type, name) VALUES (?, ?, ?)';
      statements.push({ sql, params: [more.rise.device, more.rise.type, name] });
    }
    const committed = this.#mustBeOpen().commit(statements);
    // Behind the alarm on its way to the disk, not before it: half a block of names is left.
    this.#persist();
    const [result] = await committed;
    const row = result?.rows[0];
    if (!row || row.name === name) return { kind: 'written' };
    return { kind: 'known', record: parsed(alarmRecord, row.record) };
  }

  /** The level is down again. Rejects when that is not durable. */
  async forgetRise({ device, type }: Rise): Promise<void> {
    const sql = 'DELETE FROM levels WHERE device = ? AND type = ?';
    await this.#mustBeOpen().commit([{ sql, params: [device, type] }]);
  }

  /** A record of the last 30 days, whether or not it has left. */
  async find(name: SignalName): Promise<AlarmRecord | null> {
    const rows = await this.#mustBeOpen().read('SELECT record FROM alarms WHERE name = ?', [nameText(name)]);
    return parsed(alarmRecord, rows[0]?.record);
  }

  async keepClock(clock: KeptClock): Promise<void> {
    await this.#mustBeOpen().commit([putMeta('clock', clock)]);
  }

  /** Forgets what left more than 30 days before `wall`. */
  async purge(wall: number): Promise<void> {
    const sql = 'DELETE FROM alarms WHERE left_at < ?';
    await this.#mustBeOpen().commit([{ sql, params: [Math.round(wall - receiptsKeptMs)] }]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #mustBeOpen(): Database {
    if (!this.#file) throw new Error('the outbox is not open');
    return this.#file;
  }

  /** Brings the reservation on the disk to what the names want, one commit at a time, until it is there. */
  #persist(): void {
    const wanted = this.#names.wanted();
    const there = this.#persisted;
    if (this.#persisting || !this.#file) return;
    if (there?.epoch === wanted.epoch && there.reserved >= wanted.reserved) return;
    this.#persisting = true;
    this.#file.commit([putMeta('names', wanted)]).then(
      () => {
        this.#persisting = false;
        this.#persisted = wanted;
        this.#pace.reset();
        this.#names.granted(wanted);
        this.#persist();
      },
      (error: unknown) => {
        this.#log.warn('the outbox took no reservation of names', { reason: reasonOf(error) });
        this.#clock.after(this.#pace.next(), () => {
          this.#persisting = false;
          this.#persist();
        });
      },
    );
  }
}

function putMeta(key: string, value: unknown): Statement {
  const sql =
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
  return { sql, params: [key, JSON.stringify(value)] };
}

/** A value of the file as its schema says, or null when it is not that (or not there). */
function parsed<T>(schema: z.ZodType<T>, text: unknown): T | null {
  if (typeof text !== 'string') return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
