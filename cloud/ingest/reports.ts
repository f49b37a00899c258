import { backoff } from '#platform/backoff.ts';
import type { Clock, Log, Randomness, Statement } from '#platform/ports.ts';
import { type AlarmReport, alarmReport, type CentreReceipt } from '#protocols/messages/alarm.ts';
import { nameText } from '#protocols/signal.ts';
import type { Alerts } from '../alerts/alerts.ts';
import { late, type ToldAlarm, wrongCentre } from '../dispatch/alarm-alerts.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { keepReceipt, lateAfterMs, receiptStep } from '../dispatch/receipt.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { Names } from '../names.ts';
import type { Change, Store } from '../store/store.ts';
import { type Held, heldByName, heldByPress, heldOf } from './held.ts';

const earlyReportsKept = 10_000;
/** Between two tries to take what the disk did not. */
const pace = { firstMs: 500, maxMs: 30_000 };

type Press = ToldAlarm & { age_at_first_byte_ms: number; age_at_ingest_ms: number };

/** What is held of a name after its report, and the other names that must hear that 110 has acknowledged. */
export interface Reported {
  held: Held;
  told: readonly Held[];
}

export interface Reports {
  /**
   * Commits a report. Null when the alarm is not known: the report is kept until it comes. Rejects with a
   * `DatabaseError`.
   */
  take(report: AlarmReport): Promise<Reported | null>;
  /** Whether a report came before this alarm: then its dispatch waits for `takeEarly`. */
  hasEarly(name: string, digest: string): boolean;
  /**
   * Commits that report now that the alarm is known. Rejects with a `DatabaseError`, and is then tried again by itself:
   * the gateway will not send this report again.
   */
  takeEarly(name: string, digest: string): Promise<Reported | null>;
  close(): void;
}

export async function createReports(parts: {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  alerts: Alerts;
  incidents: Incidents;
  dispatcher: Dispatcher;
  primary: string;
  names: Names;
  /** Says what is held of these names to their gateways. */
  tell(held: readonly Held[]): void;
}): Promise<Reports> {
  const { clock, log, store, alerts, incidents, dispatcher, primary, names } = parts;
  // Which alarms have a report waiting, so that the others need not look. The table is the truth.
  const rows = await store.read<{ name: string; digest: string }>('SELECT name, digest FROM early_reports');
  const early = new Set(rows.map((row) => keyOf(row.name, row.digest)));

  async function holdingOf(name: string, digest: string): Promise<Held | undefined> {
    const { sql, params } = heldByName(name, digest);
    return heldOf(await store.read(sql, params))[0];
  }

  /** Whether its gateway took for a drill what is real here: then so did 110, on the direct path. */
  async function wasJudgedReal(name: string, digest: string): Promise<boolean> {
    const [row] = await store.read(
      `SELECT 1 AS judged FROM signals WHERE name = ? AND digest = ? AND mode = 'real' AND told_as = 'drill'`,
      [name, digest],
    );
    return row !== undefined;
  }

  async function take(report: AlarmReport): Promise<Reported | null> {
    const { digest, revision } = report;
    const name = nameText(report.name);
    const held = await holdingOf(name, digest);
    if (held === undefined) {
      await keepEarly(report, name);
      return null;
    }

    const judgedReal = report.direct.length > 0 && (await wasJudgedReal(name, digest));
    const known = new Set(held.centres.map(receiptKey));
    const receipts = report.direct
      // Which centre is the primary one is for the cloud's own file to say: *delivered* stops the dispatch.
      .map((receipt): CentreReceipt => ({ ...receipt, primary: receipt.centre === primary }))
      // What 110 acknowledged there as a drill is no receipt of what is real here: the dispatch goes on.
      .filter(({ path }) => path !== 'direct' || !judgedReal)
      .filter((receipt) => {
        const news = !known.has(receiptKey(receipt));
        known.add(receiptKey(receipt));
        return news;
      });
    if (receipts.length === 0 && revision <= held.reported) return { held, told: [] };

    const [press] = await store.read<Press>(
      `SELECT name, mode, campus, gateway, device, age_at_first_byte_ms, age_at_ingest_ms
       FROM signals WHERE id = ?`,
      [held.root],
    );
    if (press === undefined) throw new Error(`the signal ${held.root} has no row`);
    // By the edge's own durations; where it gives none, at least as old as when it came in.
    const age =
      report.stages.delivered === undefined
        ? press.age_at_ingest_ms
        : press.age_at_first_byte_ms + report.stages.delivered;
    const isLate = age > lateAfterMs;
    const statements: Statement[] = [
      {
        sql: `UPDATE signals SET edge_stages = ?, lamp = ?, reported = ?, crossed_restart = MAX(crossed_restart, ?),
                proof = COALESCE(?, proof)
              WHERE name = ? AND digest = ? AND reported < ?`,
        params: [
          JSON.stringify(report.stages),
          report.lamp,
          revision,
          report.crossed_restart,
          report.proof ?? null,
          name,
          digest,
          revision,
        ],
      },
      // A press that is known under two names has one lamp.
      {
        sql: `UPDATE signals SET lamp = ? WHERE id = ? AND name <> ? AND (lamp IS NULL OR lamp <> 'delivered')`,
        params: [report.lamp, held.root, name],
      },
      ...receipts.flatMap((receipt) => keepReceipt(held.root, receipt, { wall: clock.wall(), late: isLate })),
    ];
    const heardAt = Math.round(clock.wall());
    const steps = receipts.map((receipt) => receiptStep(held.root, press.name, receipt, heardAt));
    const changes: Change[] = [{ type: 'alarm', subject: press.name }];
    statements.push(heldByPress(held.root));
    dispatcher.writeHandover(held.root);
    const results = await incidents.record(held.incident, steps, statements, changes);

    for (const { centre } of receipts) {
      dispatcher.settled(held.root, centre);
      // The gateway lit *delivered* for it: to everybody here that is the primary's word alone.
      if (centre !== primary) {
        const at = { campus: held.campus, id: report.name.gateway };
        void alerts.raise(wrongCentre(at, centre, primary, names));
      }
    }
    const heldNow = heldOf(results.at(-1)!.rows);
    const own = heldNow.find((one) => nameText(one.name) === name && one.digest === digest)!;
    const nowDelivered = !held.delivered && own.delivered;
    if (nowDelivered && isLate) void alerts.raise(late(press, names));
    return { held: own, told: nowDelivered ? heldNow.filter((one) => one !== own) : [] };
  }

  /**
   * The alarm is not known here: its copy is still on the way, or this store is new. The report alone cannot be
   * dispatched, and must not be lost either, since its receipts keep 110 from being called twice.
   */
  async function keepEarly(report: AlarmReport, name: string): Promise<void> {
    // No digest: the edge's word that it never heard of this name. There is nothing to keep.
    if (report.digest === '') return;
    log.info('a report came before its alarm', { alarm: name });
    early.add(keyOf(name, report.digest));
    const [oldest] = early;
    if (early.size > earlyReportsKept && oldest !== undefined) early.delete(oldest);
    await store.commit([
      {
        sql: `INSERT INTO early_reports (name, digest, revision, message, at) VALUES (?, ?, ?, ?, ?)
              ON CONFLICT (name, digest) DO UPDATE
              SET revision = excluded.revision, message = excluded.message, at = excluded.at
              WHERE excluded.revision > early_reports.revision`,
        params: [name, report.digest, report.revision, JSON.stringify(report), Math.round(clock.wall())],
      },
      {
        sql: `DELETE FROM early_reports WHERE id <= (SELECT MAX(id) FROM early_reports) - ${earlyReportsKept}`,
      },
    ]);
  }

  async function takeEarlyNow(name: string, digest: string): Promise<Reported | null> {
    const [row] = await store.read<{ message: string }>(
      'SELECT message FROM early_reports WHERE name = ? AND digest = ?',
      [name, digest],
    );
    const taken = row === undefined ? null : await take(alarmReport.parse(JSON.parse(row.message)));
    await store.commit([
      { sql: 'DELETE FROM early_reports WHERE name = ? AND digest = ?', params: [name, digest] },
    ]);
    early.delete(keyOf(name, digest));
    return taken;
  }

  const taking = new Map<string, Promise<Reported | null>>();
  /** Their alarm is here, and the disk did not take them yet. */
  const due = new Map<string, { name: string; digest: string }>();
  const waits = backoff(pace, parts.random);
  let cancelRetry: (() => void) | null = null;
  let closed = false;

  async function takeEarly(name: string, digest: string): Promise<Reported | null> {
    const key = keyOf(name, digest);
    const running = taking.get(key) ?? takeEarlyNow(name, digest);
    taking.set(key, running);
    try {
      const taken = await running;
      due.delete(key);
      return taken;
    } catch (error) {
      tryAgain(name, digest);
      throw error;
    } finally {
      taking.delete(key);
    }
  }

  function tryAgain(name: string, digest: string): void {
    if (closed) return;
    due.set(keyOf(name, digest), { name, digest });
    cancelRetry ??= clock.after(waits.next(), () => void retry());
  }

  async function retry(): Promise<void> {
    for (const { name, digest } of due.values().toArray()) {
      try {
        const taken = await takeEarly(name, digest);
        if (closed) return;
        if (taken) parts.tell([taken.held, ...taken.told]);
      } catch (error) {
        if (closed) return;
        log.error('an early report could not be written, and is tried again', { alarm: name, error });
      }
    }
    cancelRetry = null;
    if (due.size === 0) waits.reset();
    else cancelRetry = clock.after(waits.next(), () => void retry());
  }

  // A crash between an alarm and its early report.
  for (const { name, digest } of await store.read<{ name: string; digest: string }>(
    'SELECT e.name, e.digest FROM early_reports e JOIN signals s ON s.name = e.name AND s.digest = e.digest',
  ))
    tryAgain(name, digest);

  return {
    take,
    hasEarly: (name, digest) => early.has(keyOf(name, digest)),
    takeEarly,
    close() {
      closed = true;
      cancelRetry?.();
    },
  };
}

function keyOf(name: string, digest: string): string {
  return `${name} ${digest}`;
}

function receiptKey({ centre, path }: CentreReceipt): string {
  return `${centre} ${path}`;
}
