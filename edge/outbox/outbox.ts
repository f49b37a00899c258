import { z } from 'zod';
import type { Clock, Database, Log, Ports, Randomness, Row, Statement } from '#platform/ports.ts';
import { digestOf, nameText, originText, type SignalName, type SignalType } from '#protocols/signal.ts';
import { type Backoff, backoff } from '#platform/backoff.ts';
import { DatabaseError } from '#platform/database-error.ts';
import { reasonOf } from '#platform/reason.ts';
import { drill, type Drill } from '#protocols/messages/command.ts';
import { AlarmFile, type FileOwner } from './file.ts';
import { Names, type Reservation } from './names.ts';
import { alarmRecord, type AlarmRecord } from './record.ts';
import { leftUndated, outboxSchema } from './schema.ts';
import { closeWindow, isSummedRow, summedPress, type SummedPress, summedRow } from './summed.ts';

const reservation = z.object({ epoch: z.string().regex(/^[0-9a-f]{16}$/), reserved: z.int().min(0) });

/** The last comparison with the cloud's clock: cloud − edge, ms, and the edge's wall clock at that time. */
const keptClock = z.object({ offset_ms: z.number(), wall: z.number() });
export type KeptClock = z.infer<typeof keptClock>;

/** A rise of a level, written in the very commit of its alarm. */
export interface Rise {
  device: string;
  type: SignalType;
}

/** What the file held when it was opened. */
export interface Kept {
  alarms: AlarmRecord[];
  rises: Rise[];
  /** Presses whose sum was not written. */
  summed: SummedPress[];
  drills: Drill[];
  clock: KeptClock | null;
}

/** `known`: the same press is in the file under another name; null when that row cannot be read. */
export type Written = { kind: 'written' } | { kind: 'known'; record: AlarmRecord | null };

const persisting = { firstMs: 200, maxMs: 10_000 };
const receiptsKeptMs = 30 * 24 * 3600 * 1000;

const writeSql = `INSERT INTO alarms (name, device, origin, record, left_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET record = excluded.record, left_at = excluded.left_at
  ON CONFLICT (device, origin) DO UPDATE SET name = alarms.name
  RETURNING name, record`;

const riseSql = 'INSERT OR REPLACE INTO levels (device, type, name) VALUES (?, ?, ?)';

/** What the edge around the outbox is told of it. */
export type OutboxEvents = Pick<FileOwner<Kept>, 'late' | 'failed' | 'replaced' | 'full' | 'roomAgain'>;

/**
 * The alarms' rows, and the names of alarms. The edge runs on without its file: then names come from what is
 * reserved already, later from epochs that are not kept, writes reject, and the file is tried again for ever.
 */
export class Outbox {
  readonly #gateway: string;
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #log: Log;
  readonly #file: AlarmFile<Kept>;
  #names: Names;
  #persisted: Reservation | null = null;
  #persisting = false;
  readonly #pace: Backoff;
  /** The present epoch is in use: what the file says comes too late. */
  #named = false;

  constructor(ports: Ports, gateway: string, events: OutboxEvents) {
    this.#gateway = gateway;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#file = new AlarmFile(ports, 'alarms', outboxSchema, {
      ...events,
      load: (file) => this.#load(file),
      salvage,
      late: (kept) => {
        this.#persist();
        events.late(kept);
      },
      replaced: (aside, reason) => {
        // Which names the damaged file had given is not known for sure.
        this.beginEpoch();
        this.#named = true;
        events.replaced(aside, reason);
      },
    });
    this.#names = new Names(ports.random, null);
    this.#pace = backoff(persisting, ports.random);
  }

  get isOpen(): boolean {
    return this.#file.isOpen;
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
   * behind the caller's back, and `late` gets what it held. Throws when another process has it open.
   */
  async start(): Promise<Kept | null> {
    const kept = await this.#file.start();
    // From here on names are given, and births told, in this epoch.
    this.#named = true;
    this.#persist();
    return kept;
  }

  async #load(file: Database): Promise<Kept> {
    const [sound] = await file.read('PRAGMA quick_check(1)');
    if (sound?.quick_check !== 'ok') {
      throw new DatabaseError('corrupt', `the outbox is damaged: ${String(sound?.quick_check)}`);
    }
    const meta = new Map((await file.read('SELECT key, value FROM meta')).map((r) => [r.key, r.value]));
    const kept = parsed(reservation, meta.get('names'));
    const rows = await file.read('SELECT name, record FROM alarms WHERE left_at IS NULL ORDER BY rowid');
    const alarms: AlarmRecord[] = [];
    const summed: SummedPress[] = [];
    for (const row of rows) {
      const press = isSummedRow(row) ? parsed(summedPress, row.record) : null;
      const record = press ? null : parsed(alarmRecord, row.record);
      if (press) summed.push(press);
      else if (record) alarms.push(record);
      else await this.#setAside(file, row);
    }
    const levels = await file.read<{ device: string; type: string }>('SELECT device, type FROM levels');
    if (kept && !this.#named) {
      this.#names = new Names(this.#random, kept);
    }
    await this.#reserveFirst(file);
    return {
      alarms,
      rises: levels as Rise[],
      summed,
      drills: parsed(z.array(drill), meta.get('drills')) ?? [],
      clock: parsed(keptClock, meta.get('clock')),
    };
  }

  /** The first block of this life: waited for, because a press before it would need an epoch of its own. */
  async #reserveFirst(file: Database): Promise<void> {
    const wanted = this.#names.wanted();
    this.#persisted = null;
    try {
      await file.commit([putMeta('names', wanted)]);
      this.#persisted = wanted;
      this.#names.granted(wanted);
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 'corrupt') throw error;
      this.#log.warn('the outbox took no reservation of names', { reason: reasonOf(error) });
    }
  }

  /** A row that no version of ours can read: kept for people, but it must not make its press look known. */
  async #setAside(file: Database, row: Row): Promise<void> {
    this.#log.error('an alarm in the outbox cannot be read: set aside', {
      alarm: row.name,
      record: row.record,
    });
    const sql = 'UPDATE alarms SET origin = NULL, left_at = ? WHERE name = ?';
    await file.commit([{ sql, params: [leftUndated, row.name!] }]);
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
  async write(record: AlarmRecord, more: { left?: boolean; rise?: Rise } = {}): Promise<Written> {
    const name = nameText(record.name);
    const statements = [writing(record, more.left ? leftUndated : null)];
    if (more.rise) {
      statements.push({ sql: riseSql, params: [more.rise.device, more.rise.type, name] });
    }
    if (record.facts.type === 'sum') statements.push(closeWindow(record.name));
    return this.#write(name, statements);
  }

  /**
   * Writes a press as one of a sum. Where the sum is on disk before it (the disk refused the press until then) its
   * row is closed at once: left open, it would become a second sum at the next start. Rejects when it is not durable.
   */
  async join(press: SummedPress): Promise<Written> {
    const { name, device, origin, record } = summedRow(press);
    const closed = closeWindow(press.sum);
    return this.#write(name, [{ sql: writeSql, params: [name, device, origin, record, null] }, closed]);
  }

  async #write(name: string, statements: Statement[]): Promise<Written> {
    const committed = this.#file.commit(statements);
    // Behind the alarm on its way to the disk, not before it: half a block of names is left.
    this.#persist();
    const [result] = await committed;
    const row = result?.rows[0];
    if (!row || row.name === name) return { kind: 'written' };
    const press = isSummedRow(row) ? parsed(summedPress, row.record) : null;
    return { kind: 'known', record: press ? await this.find(press.sum) : parsed(alarmRecord, row.record) };
  }

  /** The level is down again. Rejects when that is not durable. */
  async forgetRise({ device, type }: Rise): Promise<void> {
    const sql = 'DELETE FROM levels WHERE device = ? AND type = ?';
    await this.#file.commit([{ sql, params: [device, type] }]);
  }

  /** A record of the last 30 days, whether or not it has left. */
  async find(name: SignalName): Promise<AlarmRecord | null> {
    const rows = await this.#file.read('SELECT record FROM alarms WHERE name = ?', [nameText(name)]);
    return parsed(alarmRecord, rows[0]?.record);
  }

  /** The declared drills, all of them. Rejects when they are not durable. */
  async keepDrills(drills: readonly Drill[]): Promise<void> {
    await this.#file.commit([putMeta('drills', drills)]);
  }

  async keepClock(clock: KeptClock): Promise<void> {
    await this.#file.commit([putMeta('clock', clock)]);
  }

  /**
   * Dates what has left since the last time, and forgets what left more than 30 days ago. Of all clocks (UTC ms)
   * that may tell the time, the latest dates and the earliest forgets: one that is wrong forgets nothing early.
   */
  async purge(clocks: readonly number[]): Promise<void> {
    const latest = Math.round(Math.max(...clocks));
    const earliest = Math.round(Math.min(...clocks));
    await this.#file.commit([
      { sql: 'UPDATE alarms SET left_at = ? WHERE left_at > ?', params: [latest, latest] },
      { sql: 'DELETE FROM alarms WHERE left_at < ?', params: [earliest - receiptsKeptMs] },
    ]);
  }

  /** Looks after the room that is held back for alarms. Called now and then. */
  sweep(): Promise<void> {
    return this.#file.sweep();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Brings the reservation on the disk to what the names want, one commit at a time, until it is there. */
  #persist(): void {
    const wanted = this.#names.wanted();
    const there = this.#persisted;
    if (this.#persisting || !this.#file.isOpen) return;
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

function writing(record: AlarmRecord, leftAt: number | null): Statement {
  const { origin, device } = record.facts;
  return {
    sql: writeSql,
    params: [
      nameText(record.name),
      device,
      origin === null ? null : originText(origin),
      JSON.stringify(record),
      leftAt,
    ],
  };
}

/** What can still be read of a damaged file: alarms that are what their digest says, and levels that are up. */
async function salvage(file: Database): Promise<Statement[]> {
  const rows = await file.read('SELECT name, record, left_at FROM alarms ORDER BY rowid');
  const alarms = rows.flatMap((row) => {
    const { record: text, left_at } = row;
    const press = isSummedRow(row) ? parsed(summedPress, text) : null;
    if (press) {
      const { name, device, origin, record } = summedRow(press);
      return [{ sql: writeSql, params: [name, device, origin, record, left_at ?? null] }];
    }
    const record = parsed(alarmRecord, text);
    if (record === null || record.digest !== digestOf(record.facts)) return [];
    return [writing(record, typeof left_at === 'number' ? left_at : null)];
  });
  const levels = await file.read('SELECT device, type, name FROM levels').catch(() => []);
  return [...alarms, ...levels.map((row) => ({ sql: riseSql, params: [row.device!, row.type!, row.name!] }))];
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
