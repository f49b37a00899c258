import type { Clock, Log } from '#platform/ports.ts';
import type { Mode } from '#protocols/signal.ts';
import type { Alerts, AlertText } from '../alerts/alerts.ts';
import { durationWords, modeWords } from '../alerts/wording.ts';
import type { Feed } from '../feed.ts';
import { type Names, type Point, pointCalled } from '../names.ts';
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
  names: Names;
  boundMs: number;
}): Promise<() => Promise<void>> {
  const { store, feed, alerts, clock, log, names, boundMs } = parts;
  let seen = await feed.latest();
  /** Younger than the bound and without a receipt, or just changed. */
  const followed = new Set<string>(await undelivered(store));
  /** Told once; a later report on the same alarm does not raise it again. */
  const breached = new Set<string>();
  /** By subject, the newest alarm that breached: an older one in time does not end its alert. */
  const newestBreach = new Map<string, number>();

  async function check(): Promise<void> {
    for (;;) {
      const entries = await feed.after(seen, batch);
      for (const { type, subject } of entries) if (type === 'alarm') remember(followed, subject);
      seen = entries.at(-1)?.id ?? seen;
      if (entries.length < batch) break;
    }
    const rows = await followedRows(store, followed);
    for (const name of followed) await look(name, rows.get(name));
  }

  async function look(name: string, row: FollowedRow | undefined): Promise<void> {
    if (row === undefined) return void followed.delete(name);
    const passage = passageOf(row);
    const ms = countedAs(passage, clock.wall());
    const { id } = row;
    const subject = subjectOf(row);
    const settled = totalOf(passage) !== null || row.delivered_at !== null;
    if (ms > boundMs && !breached.has(name)) {
      remember(breached, name);
      newestBreach.set(subject, Math.max(id, newestBreach.get(subject) ?? 0));
      await alerts.raise(breachOf(row, { ms, boundMs, settled }, names));
    } else if (settled && ms <= boundMs && id > (newestBreach.get(subject) ?? 0)) {
      await alerts.clear('latency-breach', subject);
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

type FollowedRow = PassageRow & Point & { id: number; name: string; mode: Mode };

/**
 * All of them by one question; of a name that is held twice (two edges with one identity) the newest. A list
 * in JSON, so that the statement is the same, and prepared once, whatever their number.
 */
async function followedRows(store: Store, names: ReadonlySet<string>): Promise<Map<string, FollowedRow>> {
  if (names.size === 0) return new Map();
  const rows = await store.read<FollowedRow>(
    `SELECT id, name, campus, gateway, device, mode, ${passageColumns} FROM signals
     WHERE name IN (SELECT value FROM json_each(?)) AND same_as IS NULL ORDER BY id`,
    [JSON.stringify([...names])],
  );
  return new Map(rows.map((row) => [row.name, row]));
}

async function undelivered(store: Store): Promise<string[]> {
  const rows = await store.read<{ name: string }>(
    `SELECT name FROM signals WHERE delivered_at IS NULL AND ended_by IS NULL AND same_as IS NULL
     ORDER BY id DESC LIMIT ${rememberedLimit}`,
  );
  return rows.map((row) => row.name);
}

/** What is not real is kept apart: a quick probe says nothing about a slow alarm, and the other way round. */
function subjectOf({ campus, mode }: { campus: string; mode: Mode }): string {
  return mode === 'real' ? campus : `${campus}/${mode}`;
}

function breachOf(
  alarm: FollowedRow,
  figure: { ms: number; boundMs: number; settled: boolean },
  names: Names,
): AlertText {
  const [where, mode] = [pointCalled(names, alarm), modeWords[alarm.mode]];
  const [took, bound] = [durationWords(figure.ms), durationWords(figure.boundMs)];
  const text = figure.settled
    ? {
        zh: `${where.zh} 的${mode.zh}报警用了 ${took.zh}才送达 110，上限 ${bound.zh}。`,
        en: `${where.en}: the ${mode.en} alarm took ${took.en} to 110, the bound is ${bound.en}.`,
      }
    : {
        zh: `${where.zh} 的${mode.zh}报警已过 ${took.zh}还没有送达 110，上限 ${bound.zh}。`,
        en: `${where.en}: the ${mode.en} alarm has not reached 110 after ${took.en}, the bound is ${bound.en}.`,
      };
  return { code: 'latency-breach', severity: 'warning', subject: subjectOf(alarm), mode: alarm.mode, text };
}
