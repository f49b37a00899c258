import { Buffer } from 'node:buffer';
import type { Clock, Log, Randomness, SqlValue } from '#platform/ports.ts';
import type { ApiCommand } from '#protocols/api.ts';
import { eventCodeFor } from '#protocols/contact-id.ts';
import type { SignalFacts } from '#protocols/signal.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Commands } from '../commands/commands.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store/store.ts';
import { endUnanswered, unknownDrill } from './drill-alerts.ts';

/** No drill is longer: a forgotten one must not hide a real press for a day. */
export const longestDrillMs = 2 * 3_600_000;
/** Without the gateway's word for so long after the end was asked for, people are told. */
const endAnswerMs = 10_000;
/** How far ahead one may be declared. */
export const declaredAheadMs = 7 * 86_400_000;
/** A gateway holds a drill only while it knows the cloud's clock to so much: its edges are as blurred as that. */
const clockToleranceMs = 2_000;
/** Presses are told again for so long: drills of that time are remembered, to know theirs. */
const rememberedMs = 31 * 86_400_000;

export interface Declared {
  campus: string;
  gateway: string;
  devices: readonly string[];
  /** UTC ms by this cloud's clock. */
  from: number;
  to: number;
  reason: string;
  by: string;
}

/** Drills: declared by people, confirmed by the gateway alone. */
export interface Drills {
  /** Asks the gateway for it. Returns its id at once: `confirmed` is the gateway's to say. */
  declare(drill: Declared): Promise<string>;
  /** Asks the gateway to end it before its time. False: there is none that could be ended. */
  end(id: string, by: string): Promise<boolean>;
  /** Resolves when the gateway has answered what was last asked about it, or the asking has expired. */
  answered(id: string): Promise<void>;
  /**
   * A signal as it is to be treated. What a gateway took for a drill and this cloud knows of none is real: in every
   * doubt, and wherever the two differ, real wins.
   */
  judged(campus: string, gateway: string, facts: SignalFacts): SignalFacts;
  close(): void;
}

interface Known {
  gateway: string;
  devices: ReadonlySet<string>;
  from: number;
  to: number;
}

interface DrillRow {
  [column: string]: SqlValue;
  id: string;
  campus: string;
  gateway: string;
  devices: string;
  from_at: number;
  to_at: number;
  command: string;
  confirmed_at: number | null;
  refused: string | null;
  ended_at: number | null;
  end_by: string | null;
  end_asked_at: number | null;
}

export async function startDrills(parts: {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  alerts: Alerts;
  commands: Commands;
  names: Names;
}): Promise<Drills> {
  const { clock, random, log, store, alerts, commands, names } = parts;
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<void>>();
  const cancels = new Set<() => void>();
  let closed = false;

  const change = (id: string) => [{ type: 'drill', subject: id } as const];
  const set = (id: string, sql: string, params: readonly SqlValue[]) =>
    store.commit([{ sql: `UPDATE drills SET ${sql} WHERE id = ?`, params: [...params, id] }], change(id));

  function remember(id: string, drill: Known): void {
    known.set(id, drill);
    const left = drill.to - clock.wall();
    if (left <= 0) return;
    const cancel = clock.after(left, () => {
      cancels.delete(cancel);
      // Whoever looks at it sees it end.
      store
        .commit([], change(id))
        .catch((error: unknown) => log.error('the feed could not be written', { drill: id, error }));
    });
    cancels.add(cancel);
  }

  function follow(id: string, what: Promise<ApiCommand>, take: (answer: ApiCommand) => Promise<unknown>) {
    const done = what
      .then(async (answer) => {
        if (!closed) await take(answer);
      })
      .catch((error: unknown) => log.error('an answer about a drill was not written', { drill: id, error }))
      .finally(() => {
        if (asking.get(id) === done) asking.delete(id);
      });
    asking.set(id, done);
  }

  async function declaredAnswer(id: string, gateway: string, answer: ApiCommand): Promise<void> {
    const at = answer.replied_at;
    if (answer.state === 'done') {
      await set(id, 'confirmed_at = ?', [at]);
      void alerts.clear('drill-unknown', gateway);
    } else if (answer.state === 'failed') {
      known.delete(id);
      await set(id, 'refused = ?', [answer.detail ?? '']);
    }
  }

  /** Asks the gateway to end it, or goes on waiting for what was asked before (a restart). */
  async function followEnd({ id, campus, gateway, to_at: to }: DrillRow, by: string, askedAt: number) {
    const now = Math.round(clock.wall());
    const [before] = await store.read<{ id: string }>(
      `SELECT id FROM commands WHERE gateway = ? AND kind = 'drill-end' AND sent_at >= ?
         AND json_extract(command, '$.drill') = ? LIMIT 1`,
      [gateway, askedAt, id],
    );
    const order = { kind: 'drill-end', drill: id } as const;
    const settled =
      before === undefined
        ? (await commands.send({ campus, gateway }, order, { by, expiresInMs: to - now })).settled
        : (commands.awaiting(before.id) ?? (commands.get(before.id) as Promise<ApiCommand>));
    const cancel = clock.after(
      Math.max(0, askedAt + endAnswerMs - now),
      () => void alerts.raise(endUnanswered({ id, campus, gateway }, names)),
    );
    cancels.add(cancel);
    follow(id, settled, async (answer) => {
      cancel();
      cancels.delete(cancel);
      // Without an answer it has run to its own end.
      void alerts.clear('drill-end-unanswered', id);
      // Whether it ended it or never had it: from now on the gateway holds no such drill.
      if (answer.replied_at !== null) await set(id, 'ended_at = ?', [answer.replied_at]);
    });
  }

  const rows = await store.read<DrillRow>(
    `SELECT id, campus, gateway, devices, from_at, to_at, command, confirmed_at, refused, ended_at, end_by, end_asked_at
     FROM drills WHERE to_at > ? AND refused IS NULL`,
    [Math.round(clock.wall()) - rememberedMs],
  );
  for (const row of rows) {
    remember(row.id, {
      gateway: row.gateway,
      devices: new Set(JSON.parse(row.devices) as string[]),
      from: row.from_at,
      to: Math.min(row.to_at, row.end_asked_at ?? row.to_at),
    });
    if (row.end_asked_at !== null) {
      const isOver = row.ended_at !== null || row.to_at <= clock.wall();
      if (!isOver) await followEnd(row, row.end_by ?? '', row.end_asked_at);
      else if (alerts.isOpen('drill-end-unanswered', row.id))
        void alerts.clear('drill-end-unanswered', row.id);
      continue;
    }
    if (row.confirmed_at !== null) continue;
    const answer = commands.awaiting(row.command) ?? commands.get(row.command);
    follow(row.id, answer as Promise<ApiCommand>, (now) => declaredAnswer(row.id, row.gateway, now));
  }

  return {
    async declare({ campus, gateway, devices, from, to, reason, by }) {
      const id = `drill-${Buffer.from(random.bytes(6)).toString('hex')}`;
      const now = Math.round(clock.wall());
      const asked = await commands.send(
        { campus, gateway },
        { kind: 'drill', drill: { id, devices: [...devices], from, to } },
        { by, expiresInMs: to - now },
      );
      // The command is on its way. Should this fail, what the gateway takes for a drill is real here.
      await store.commit(
        [
          {
            sql: `INSERT INTO drills (id, campus, gateway, devices, from_at, to_at, reason, declared_by, declared_at, command)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            params: [id, campus, gateway, JSON.stringify(devices), from, to, reason, by, now, asked.id],
          },
        ],
        change(id),
      );
      remember(id, { gateway, devices: new Set(devices), from, to });
      follow(id, asked.settled, (answer) => declaredAnswer(id, gateway, answer));
      log.info('a drill was declared', { drill: id, gateway, devices, from, to, by });
      return id;
    },

    async end(id, by) {
      const [row] = await store.read<DrillRow>('SELECT * FROM drills WHERE id = ?', [id]);
      const now = Math.round(clock.wall());
      if (row === undefined || row.refused !== null || row.ended_at !== null || row.to_at <= now)
        return false;
      await set(id, 'end_by = ?, end_asked_at = ?', [by, now]);
      // Here it is over at once: who ends a drill early may see an emergency, and the gateway may not hear of it.
      const drill = known.get(id);
      if (drill !== undefined) known.set(id, { ...drill, to: Math.min(drill.to, now) });
      // An unanswered declaration must not arrive after its own end.
      await commands.withdraw(row.command);
      await followEnd(row, by, now);
      return true;
    },

    async answered(id) {
      await asking.get(id);
    },

    judged(campus, gateway, facts) {
      if (facts.mode !== 'drill') return facts;
      const at = facts.occurred_at;
      const covered =
        facts.clock_known &&
        [...known.values()].some(
          (drill) =>
            drill.gateway === gateway &&
            drill.devices.has(facts.device) &&
            at >= drill.from - clockToleranceMs &&
            at <= drill.to + clockToleranceMs,
        );
      if (covered) return facts;
      void alerts.raise(unknownDrill({ campus, gateway, device: facts.device }, names));
      // Whether the unit is silent is not in the message; both codes are a panic alarm.
      return {
        ...facts,
        mode: 'real',
        code: eventCodeFor({ type: facts.type, mode: 'real', silent: false }),
      };
    },

    close() {
      closed = true;
      for (const cancel of cancels) cancel();
      cancels.clear();
    },
  };
}
