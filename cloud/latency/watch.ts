import type { Clock, Log } from '#platform/ports.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Feed } from '../feed.ts';
import type { Store } from '../store/store.ts';
import { type PassageRow, passageColumns, passageOf } from './passage.ts';
import { countedAs, totalOf } from './stages.ts';

const checkEveryMs = 1_000;
/** Entries of the feed looked at in one round. */
const batch = 200;
/** Alarms that are followed, and breaches that are remembered; past it the oldest are let go. */
const rememberedLimit = 10_000;

/**
 * Raises `latency-breach` for a campus when an alarm took longer than the bound, or is older than it and has no
 * figure yet; ends it when a later alarm of that campus was in time. So a slow campus is one alert, not one for
 * each press. Returns what stops it.
 */
export async function watchLatency(parts: {
  store: Store;
  feed: Feed;
  alerts: Alerts;
  clock: Clock;
  log: Log;
  boundMs: number;
}): Promise<() => Promise<void>> {
  const { store, feed, alerts, clock, log, boundMs } = parts;
  let seen = await feed.latest();
  /** Younger than the bound and without a receipt, or just changed. */
  const followed = new Set<string>(await undelivered(store));
  /** Told once; a later report on the same alarm does not raise it again. */
  const breached = new Set<string>();
  /** By campus, the newest alarm that breached: an older one in time does not end its alert. */
  const newestBreach = new Map<string, number>();

  async function check(): Promise<void> {
    for (;;) {
      const entries = await feed.after(seen, batch);
      for (const { type, subject } of entries) if (type === 'alarm') remember(followed, subject);
      seen = entries.at(-1)?.id ?? seen;
      if (entries.length < batch) break;
    }
    for (const name of followed) await look(name);
  }

  async function look(name: string): Promise<void> {
    const [row] = await store.read<PassageRow & { id: number; campus: string; mode: string }>(
      `SELECT id, campus, mode, ${passageColumns} FROM signals WHERE name = ? AND same_as IS NULL ORDER BY id DESC LIMIT 1`,
      [name],
    );
    if (row === undefined) return void followed.delete(name);
    const passage = passageOf(row);
    const ms = countedAs(passage, clock.wall());
    const { id, campus, mode } = row;
    const settled = totalOf(passage) !== null || row.delivered_at !== null;
    if (ms > boundMs && !breached.has(name)) {
      remember(breached, name);
      newestBreach.set(campus, Math.max(id, newestBreach.get(campus) ?? 0));
      await alerts.raise(breachOf(campus, name, mode, ms, boundMs));
    } else if (settled && ms <= boundMs && id > (newestBreach.get(campus) ?? 0)) {
      await alerts.clear('latency-breach', campus);
    }
    // What comes later of it (the edge's own word) comes with an entry of the feed.
    if (ms > boundMs || settled) followed.delete(name);
  }

  let stopped = false;
  let running = Promise.resolve();
  let cancel = () => {};
  const turn = () => {
    running = check()
      .catch((error: unknown) => log.error('latency could not be checked', { error }))
      .then(() => {
        if (!stopped) cancel = clock.after(checkEveryMs, turn);
      });
  };
  cancel = clock.after(checkEveryMs, turn);
  return async () => {
    stopped = true;
    cancel();
    await running;
  };
}

function remember(names: Set<string>, name: string): void {
  names.add(name);
  if (names.size > rememberedLimit) names.delete(names.values().next().value!);
}

async function undelivered(store: Store): Promise<string[]> {
  const rows = await store.read<{ name: string }>(
    `SELECT name FROM signals WHERE delivered_at IS NULL AND ended_by IS NULL AND same_as IS NULL
     ORDER BY id DESC LIMIT ${rememberedLimit}`,
  );
  return rows.map((row) => row.name);
}

function breachOf(campus: string, name: string, mode: string, ms: number, boundMs: number) {
  const took = Math.round(ms);
  return {
    code: 'latency-breach' as const,
    severity: 'warning' as const,
    subject: campus,
    text: {
      zh: `校区 ${campus} 的报警 ${name}（${mode}）到 110 用了 ${took} 毫秒以上，上限 ${boundMs} 毫秒`,
      en: `campus ${campus}: alarm ${name} (${mode}) took at least ${took} ms to 110, the bound is ${boundMs} ms`,
    },
  };
}
