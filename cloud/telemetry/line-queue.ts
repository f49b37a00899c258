import { Buffer } from 'node:buffer';
import { backoff } from '#platform/backoff.ts';
import type { Clock, Database, Log, Randomness } from '#platform/ports.ts';

/** Lines that wait while the database is away, in bytes; past it the oldest are dropped, counted and logged. */
const queueLimitBytes = 256 * 1024 * 1024;
/** Lines sent in one request. */
const sendAtOnce = 5_000;
const retryFirstMs = 1_000;
const retryMostMs = 60_000;
/** Lines that the database would not take, kept for people to look at. */
const deadLettersKept = 1_000;

export const queueSchema = `
CREATE TABLE IF NOT EXISTS line_queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lines TEXT NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS dead_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  line TEXT NOT NULL,
  reason TEXT NOT NULL
);
`;

/** What became of one request. `refused`: the database will never take these lines as they are. */
export type Sent =
  { kind: 'stored' } | { kind: 'refused'; reason: string } | { kind: 'away'; reason: string };

export interface LineQueue {
  /** Resolves when the lines are in the queue's file. */
  add(lines: readonly string[]): Promise<void>;
  /** Lines dropped since the start because the queue was full, and refused by the database. */
  counts(): { dropped: number; dead: number };
  close(): Promise<void>;
}

/** Keeps lines until `send` has stored them. `send` never rejects. */
export async function openLineQueue(
  parts: { database: Database; clock: Clock; random: Randomness; log: Log },
  send: (lines: readonly string[]) => Promise<Sent>,
  limitBytes = queueLimitBytes,
): Promise<LineQueue> {
  const { database, clock, random, log } = parts;
  const [sum] = await database.read<{ bytes: number }>(
    'SELECT COALESCE(SUM(bytes), 0) AS bytes FROM line_queue',
  );
  let waiting = sum?.bytes ?? 0;
  let dropped = 0;
  let dead = 0;
  const stop = new AbortController();
  let working: Promise<void> | null = null;
  let cancelRetry: (() => void) | null = null;
  let unread = false;
  const wait = backoff({ firstMs: retryFirstMs, maxMs: retryMostMs }, random);

  async function add(lines: readonly string[]): Promise<void> {
    const text = lines.join('\n');
    const bytes = Buffer.byteLength(text);
    await database.commit([
      { sql: 'INSERT INTO line_queue (lines, bytes) VALUES (?, ?)', params: [text, bytes] },
    ]);
    waiting += bytes;
    while (waiting > limitBytes) {
      const [result] = await database.commit([
        { sql: 'DELETE FROM line_queue WHERE id = (SELECT MIN(id) FROM line_queue) RETURNING lines, bytes' },
      ]);
      const oldest = result!.rows[0];
      if (oldest === undefined) break;
      waiting -= Number(oldest.bytes);
      dropped += String(oldest.lines).split('\n').length;
      log.warn('the telemetry database is away for too long: the oldest points are dropped', { dropped });
    }
    wake();
  }

  function wake(): void {
    unread = true;
    if (stop.signal.aborted || working !== null || cancelRetry !== null) return;
    unread = false;
    working = work()
      .catch((error: unknown) => {
        log.error('the telemetry queue could not be read', { error });
        return 'again' as const;
      })
      .then((then) => {
        working = null;
        if (then === 'again') retry();
        // Lines that came after the last look.
        else if (unread) wake();
      });
  }

  function retry(): void {
    if (stop.signal.aborted) return;
    cancelRetry = clock.after(wait.next(), () => {
      cancelRetry = null;
      wake();
    });
  }

  async function work(): Promise<'again' | 'done'> {
    while (!stop.signal.aborted) {
      const rows = await database.read<{ id: number; lines: string; bytes: number }>(
        'SELECT id, lines, bytes FROM line_queue ORDER BY id LIMIT 100',
      );
      if (rows.length === 0) return 'done';
      const taken: typeof rows = [];
      let lines: string[] = [];
      for (const row of rows) {
        const more = row.lines.split('\n');
        if (taken.length > 0 && lines.length + more.length > sendAtOnce) break;
        taken.push(row);
        lines = lines.concat(more);
      }
      if (!(await store(lines))) return 'again';
      wait.reset();
      const [result] = await database.commit([
        {
          sql: 'DELETE FROM line_queue WHERE id >= ? AND id <= ? RETURNING bytes',
          params: [taken[0]!.id, taken.at(-1)!.id],
        },
      ]);
      for (const row of result!.rows) waiting -= Number(row.bytes);
    }
    return 'done';
  }

  /**
   * False: the database is away. What it refuses is halved until the one bad line is found, because it may have
   * stored the others of the same request or none of them; a point that is stored twice is one.
   */
  async function store(lines: readonly string[]): Promise<boolean> {
    const sent = await send(lines);
    if (sent.kind === 'stored') return true;
    if (sent.kind === 'away') {
      log.warn('the telemetry database does not take points now', { reason: sent.reason });
      return false;
    }
    if (lines.length === 1) {
      await bury(lines[0]!, sent.reason);
      return true;
    }
    const half = Math.ceil(lines.length / 2);
    return (await store(lines.slice(0, half))) && (await store(lines.slice(half)));
  }

  async function bury(line: string, reason: string): Promise<void> {
    dead += 1;
    log.warn('the telemetry database refused a point', { line, reason, refused: dead });
    await database.commit([
      {
        sql: 'INSERT INTO dead_lines (at, line, reason) VALUES (?, ?, ?)',
        params: [Math.round(clock.wall()), line, reason],
      },
      { sql: `DELETE FROM dead_lines WHERE id <= (SELECT MAX(id) FROM dead_lines) - ${deadLettersKept}` },
    ]);
  }

  wake();
  return {
    add,
    counts: () => ({ dropped, dead }),
    async close() {
      stop.abort();
      cancelRetry?.();
      await working;
    },
  };
}
