import type {
  Clock,
  Database,
  Log,
  Ports,
  Row,
  SqlValue,
  Statement,
  StatementResult,
} from '#platform/ports.ts';
import { type Backoff, backoff } from '#platform/backoff.ts';
import { DatabaseError, type DatabaseErrorCode } from '#platform/database-error.ts';
import { reasonOf } from '#platform/reason.ts';
import { Reserve, type ReserveEvents } from './reserve.ts';

const openLimitMs = 5000;
const reopening = { firstMs: 1000, maxMs: 30_000 };

/** What the owner of the file makes of it, and is told of it. `K` is what the file held. */
export interface FileOwner<K> extends ReserveEvents {
  /** Reads the file before anybody writes it. Throws when it is not sound. */
  load(file: Database): Promise<K>;
  /** What can still be read of a damaged file, as statements that write it into the empty one. */
  salvage(damaged: Database): Promise<Statement[]>;
  /** The damaged file was moved out of the way, under the name `aside`, and an empty one begins. */
  replaced(aside: string, reason: string): void;
  /** The file cannot be used: called at each try that fails. */
  failed(reason: string): void;
  /** The file could be opened after the start, for the first time or again. */
  late(kept: K): void;
}

type Opening<K> = { kind: 'kept'; kept: K } | { kind: 'slow' } | { kind: 'failed'; error: unknown };

/**
 * The alarms' file on a disk that may die, fill up or lie. A file that is damaged is set aside and an empty one
 * begun; one that was lost (a dead disk, a dead thread) is opened again, for ever, with back-off.
 */
export class AlarmFile<K> {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ports: Pick<Ports, 'databases' | 'disk' | 'clock'>;
  readonly #name: string;
  readonly #schema: string;
  readonly #owner: FileOwner<K>;
  readonly #pace: Backoff;
  readonly #reserve: Reserve;
  #file: Database | null = null;
  /** It has taken a commit since it was opened: the next loss is a new one. */
  #proven = true;
  /** What could be read of a damaged file, for as long as no new one has taken it: nobody else may hold these alarms. */
  #salvaged: Statement[] = [];
  #closed = false;

  constructor(ports: Ports, name: string, schema: string, owner: FileOwner<K>) {
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#ports = ports;
    this.#name = name;
    this.#schema = schema;
    this.#owner = owner;
    this.#pace = backoff(reopening, ports.random);
    this.#reserve = new Reserve(ports, owner);
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  /**
   * Opens the file and tells what it held; waits 5 s at most. Null: it cannot be opened, and is tried again behind
   * the caller's back. Throws when another process has it open: two edges would both number signals.
   */
  async start(): Promise<K | null> {
    const first = this.#openAndLoad();
    const answer = await this.#within(openLimitMs, first);
    if (answer.kind === 'kept') {
      void this.#reserve.holdBack();
      return answer.kept;
    }
    if (answer.kind === 'failed') {
      if (codeOf(answer.error) === 'in-use') throw answer.error;
      this.#owner.failed(reasonOf(answer.error));
    } else this.#owner.failed(`no answer within ${openLimitMs} ms`);
    const pending = answer.kind === 'slow' ? first : null;
    // Not before whoever waits for us has gone on.
    this.#clock.after(0, () => void this.#keepOpening(pending));
    pending?.catch(() => {});
    return null;
  }

  async read<T extends Row>(sql: string, params: readonly SqlValue[] = []): Promise<T[]> {
    const file = this.#mustBeOpen();
    try {
      return await file.read<T>(sql, params);
    } catch (error) {
      this.#judge(file, error);
      throw error;
    }
  }

  /** Rejects when it is not durable. On a full disk the reserve is given up for it. */
  async commit(statements: readonly Statement[]): Promise<StatementResult[]> {
    const file = this.#mustBeOpen();
    try {
      const results = await this.#commitOn(file, statements);
      this.#proven = true;
      this.#pace.reset();
      return results;
    } catch (error) {
      this.#judge(file, error);
      throw error;
    }
  }

  async #commitOn(file: Database, statements: readonly Statement[]): Promise<StatementResult[]> {
    try {
      return await file.commit(statements);
    } catch (error) {
      if (codeOf(error) !== 'full' || !(await this.#reserve.giveUp())) throw error;
      return file.commit(statements);
    }
  }

  /** Holds the reserve back again where there is room for it. Called now and then. */
  async sweep(): Promise<void> {
    if (this.#file) await this.#reserve.holdBack();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #mustBeOpen(): Database {
    if (!this.#file) throw new DatabaseError('closed', 'the outbox is not open');
    return this.#file;
  }

  /** Whether this failure means that the file is lost, not that this one call was. */
  #judge(file: Database, error: unknown): void {
    const code = codeOf(error);
    if (code !== 'corrupt' && code !== 'io' && code !== 'closed') return;
    if (this.#file !== file || this.#closed) return;
    this.#file = null;
    this.#owner.failed(reasonOf(error));
    void this.#reopen(file, code === 'corrupt' ? reasonOf(error) : null);
  }

  async #reopen(lost: Database, damage: string | null): Promise<void> {
    const saved = damage === null ? [] : await this.#owner.salvage(lost).catch(() => []);
    // A thread that hangs in the disk keeps the file's lock: nothing can be opened before it answers.
    await lost.close().catch((error: unknown) => this.#note(error));
    if (!this.#proven) await this.#pause();
    this.#proven = false;
    await this.#keepOpening(damage === null ? null : this.#replace(damage, saved));
  }

  async #keepOpening(pending: Promise<K> | null): Promise<void> {
    let kept: { value: K } | null = null;
    while (kept === null) {
      if (this.#closed) return;
      try {
        kept = { value: await (pending ?? this.#openAndLoad()) };
      } catch (error) {
        if (this.#closed) return;
        pending = null;
        this.#owner.failed(reasonOf(error));
        await this.#pause();
      }
    }
    this.#owner.late(kept.value);
    void this.#reserve.holdBack();
  }

  #pause(): Promise<void> {
    return new Promise((done) => {
      this.#clock.after(this.#pace.next(), done);
    });
  }

  async #openAndLoad(): Promise<K> {
    let file: Database;
    try {
      file = await this.#open();
    } catch (error) {
      if (codeOf(error) !== 'corrupt') throw error;
      return this.#replace(reasonOf(error), []);
    }
    try {
      return await this.#take(file);
    } catch (error) {
      const damaged = codeOf(error) === 'corrupt';
      const saved = damaged ? await this.#owner.salvage(file).catch(() => []) : [];
      await file.close().catch((e: unknown) => this.#note(e));
      if (!damaged) throw error;
      return this.#replace(reasonOf(error), saved);
    }
  }

  /** Sets the damaged file aside and begins an empty one with what was saved of it. */
  async #replace(reason: string, saved: Statement[]): Promise<K> {
    const aside = await this.#ports.disk.setAside(this.#name, Math.round(this.#clock.wall()));
    this.#owner.replaced(aside, reason);
    if (saved.length > 0) this.#salvaged = saved;
    const file = await this.#open();
    try {
      return await this.#take(file);
    } catch (error) {
      await file.close().catch((e: unknown) => this.#note(e));
      throw error;
    }
  }

  #open(): Promise<Database> {
    return this.#ports.databases.open(this.#name, 'durable', this.#schema);
  }

  async #take(file: Database): Promise<K> {
    if (this.#salvaged.length > 0) {
      await this.#commitOn(file, this.#salvaged);
      this.#salvaged = [];
    }
    const kept = await this.#owner.load(file);
    if (this.#closed) throw new DatabaseError('closed', 'the edge is going down');
    this.#file = file;
    return kept;
  }

  async #within(ms: number, opening: Promise<K>): Promise<Opening<K>> {
    return new Promise((done) => {
      const cancel = this.#clock.after(ms, () => done({ kind: 'slow' }));
      opening.then(
        (kept) => done({ kind: 'kept', kept }),
        (error: unknown) => done({ kind: 'failed', error }),
      );
      void opening.then(cancel, cancel);
    });
  }

  #note(error: unknown): void {
    this.#log.warn('the outbox could not be closed in order', { reason: reasonOf(error) });
  }
}

function codeOf(error: unknown): DatabaseErrorCode | null {
  return error instanceof DatabaseError ? error.code : null;
}
