import { reasonOf } from '#platform/reason.ts';
import type { Clock, Log, Randomness, SqlValue } from '#platform/ports.ts';
import type { ApiCommand, ApiProbe } from '#protocols/api.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Commands } from '../commands/commands.ts';
import type { CloudConfig } from '../config.ts';
import type { Centre } from '../dispatch/centres.ts';
import type { Ended, Ending } from '../dispatch/ending.ts';
import { type PassageRow, passageColumns, passageOf } from '../latency/passage.ts';
import { countedAs } from '../latency/stages.ts';
import type { Device } from '../liveness/fleet.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store/store.ts';
import { hasDirectPath, type ProbedButton } from './duties.ts';
import { probeFailed, type ProbedPoint, probeSubject, type Route } from './probe-alerts.ts';
import { forgetOldProbes } from './retention.ts';
import { nextSlot, type Slot } from './schedule.ts';

/** The gateway waits a minute for the button's self-test; after this it is not to begin. */
const expiresMs = 90_000;
/** A probe that is not proved by then has failed. */
const patienceMs = 180_000;
const lookEveryMs = 1_000;
/** What is overdue moves slowly. */
const duesEveryMs = 15_000;
/** Who ends what no receipt will end; the same name as a person's would stand there. */
const ourselves = 'belfry';

export interface ProbesParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  alerts: Alerts;
  commands: Commands;
  names: Names;
  config: Pick<CloudConfig, 'probes'>;
  primary: Pick<Centre, 'takesTests' | 'doors'>;
  /** Those that are to be proved, each in how many ms. */
  buttons(): ProbedButton[];
  /** Tells people of those that have had no proof for too long. */
  tellOverdue(): Promise<void>;
  endDelivery(alarm: string, ending: Ending): Promise<Ended>;
}

interface InFlight extends ProbedPoint {
  id: number;
  askedAt: number;
  /** Monotonic. */
  until: number;
  answer: ApiCommand | null;
}

interface Outcome {
  proved: ApiProbe['proved'];
  /** Null: as far as its centre allows. Otherwise why it went no further. */
  why: string | null;
  signal: SignalRow | null;
}

type SignalRow = PassageRow & { [column: string]: SqlValue } & {
  id: number;
  name: string;
  digest: string;
  proof: string | null;
  paths: string | null;
};

/**
 * Scheduled end-to-end probes: each button in its turn tests itself and sends a signal of mode *probe*, over both
 * paths in turn. Without `probes` in the file nothing is asked for; what was asked before is still brought to an end.
 * Returns what stops it.
 */
export async function startProbes(parts: ProbesParts): Promise<() => void> {
  const probing = new Probing(parts);
  await probing.start();
  return () => probing.close();
}

class Probing {
  readonly #parts: ProbesParts;
  readonly #flying = new Map<number, InFlight>();
  readonly #slots = new Map<string, Slot>();
  /** Gateways that are being asked. */
  readonly #asking = new Set<string>();
  #duesAt = 0;
  #cancel = () => {};
  #closed = false;

  constructor(parts: ProbesParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { store, clock, commands } = this.#parts;
    const rows = await store.read<
      { id: number; asked_at: number; command: string } & ProbedPoint & Record<string, SqlValue>
    >('SELECT id, campus, gateway, device, route, asked_at, command FROM probes WHERE done_at IS NULL');
    for (const { id, campus, gateway, device, route, asked_at: askedAt, command } of rows) {
      const until = clock.monotonic() + patienceMs;
      this.#fly({ id, campus, gateway, device, route, askedAt, until, answer: null }, command, commands);
    }
    this.#turn();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #turn(): void {
    this.#look()
      .catch((error: unknown) => {
        if (!this.#closed) this.#parts.log.error('probes could not be looked after', { error });
      })
      .finally(() => {
        if (!this.#closed) this.#cancel = this.#parts.clock.after(lookEveryMs, () => this.#turn());
      });
  }

  async #look(): Promise<void> {
    const { clock, config } = this.#parts;
    for (const probe of this.#flying.values()) await this.#follow(probe);
    if (config.probes !== undefined) await this.#ask();
    if (clock.monotonic() < this.#duesAt || this.#closed) return;
    this.#duesAt = clock.monotonic() + duesEveryMs;
    if (config.probes !== undefined) await this.#parts.tellOverdue();
    await this.#endOrphans();
  }

  /** Asks whose turn has come. */
  async #ask(): Promise<void> {
    const { clock, random, config } = this.#parts;
    const now = clock.wall();
    const buttons = this.#parts.buttons();
    for (const [index, { device, everyMs }] of buttons.entries()) {
      const point = `${device.gateway.id}/${device.id}`;
      const slot = this.#slots.get(point);
      const turn = { index, of: buttons.length, everyMs, window: config.probes!.window ?? null };
      // New, or the wall clock was set back. One that was set on skips what it jumped over.
      if (slot === undefined || slot.at - now > Math.max(everyMs, 2 * 86_400_000)) {
        this.#slots.set(point, nextSlot(now, turn, random.fraction()));
        continue;
      }
      if (slot.at > now || this.#asking.has(device.gateway.id)) continue;
      this.#slots.set(point, nextSlot(now, turn, random.fraction()));
      if (await this.#mayAsk(device, slot.route)) await this.#begin(device, slot.route);
    }
  }

  /** Not who cannot hear (that has alerts of its own), and not into an incident that is open. */
  async #mayAsk({ gateway, id, verdict }: Device, route: Route): Promise<boolean> {
    if (gateway.state !== 'online' || verdict.state === 'offline' || verdict.state === 'unknown')
      return false;
    if (route === 'direct' && !hasDirectPath(gateway)) return false;
    const open = await this.#parts.store.read(
      'SELECT 1 AS open FROM incidents WHERE gateway = ? AND device = ? AND resolved_at IS NULL',
      [gateway.id, id],
    );
    return open.length === 0;
  }

  async #begin({ gateway: { id: gateway, campus }, id: device }: Device, route: Route): Promise<void> {
    const { clock, store, commands, log } = this.#parts;
    const asked = await commands.send(
      { campus, gateway },
      { kind: 'probe', device, route },
      { by: null, expiresInMs: expiresMs },
    );
    const askedAt = Math.round(clock.wall());
    const [row] = await store.commit(
      [
        {
          sql: `INSERT INTO probes (campus, gateway, device, route, asked_at, command, proved)
                VALUES (?, ?, ?, ?, ?, ?, 'nothing') RETURNING id`,
          params: [campus, gateway, device, route, askedAt, asked.id],
        },
        forgetOldProbes(askedAt),
      ],
      [{ type: 'probe', subjectsOf: idOf(asked.id) }],
    );
    log.info('a button is probed', { gateway, device, route });
    const until = clock.monotonic() + patienceMs;
    const id = Number(row!.rows[0]!.id);
    this.#fly({ id, campus, gateway, device, route, askedAt, until, answer: null }, asked.id, commands);
  }

  #fly(probe: InFlight, command: string, commands: Commands): void {
    this.#flying.set(probe.id, probe);
    this.#asking.add(probe.gateway);
    void (commands.awaiting(command) ?? commands.get(command)).then(
      (answer) => (probe.answer = answer),
      (error: unknown) => this.#parts.log.error('the answer to a probe is not known', { error }),
    );
  }

  async #follow(probe: InFlight): Promise<void> {
    const outcome = this.#outcome(probe, await this.#signalOf(probe));
    if (outcome !== null && !this.#closed) await this.#finish(probe, outcome);
  }

  /** The signal that the reply names; without a reply (it was lost) the one of that point since it was asked. */
  async #signalOf({ gateway, device, route, askedAt, answer }: InFlight): Promise<SignalRow | null> {
    const named = answer?.facts.signal;
    const [row] = await this.#parts.store.read<SignalRow>(
      `SELECT id, name, digest, proof, ${passageColumns},
         (SELECT group_concat(path) FROM receipts r WHERE r.signal = signals.id AND r.is_primary = 1) AS paths
       FROM signals WHERE mode = 'probe' AND gateway = ? AND device = ? AND route = ? AND same_as IS NULL
         AND ${typeof named === 'string' ? 'name = ?' : 'ingested_at >= ?'} ORDER BY id LIMIT 1`,
      [gateway, device, route, typeof named === 'string' ? named : askedAt],
    );
    return row ?? null;
  }

  /** Null while it is not decided. */
  #outcome(probe: InFlight, signal: SignalRow | null): Outcome | null {
    const { clock, primary } = this.#parts;
    const { route, answer } = probe;
    const direct = route === 'direct';
    if (signal?.paths?.split(',').includes(route)) return { proved: 'centre', why: null, signal };
    if (direct && signal?.proof === 'door') return { proved: 'door', why: null, signal };
    if (direct && signal?.proof === 'none')
      return { proved: 'edge', why: 'no receipt of the centre on the direct path', signal };
    if (signal !== null && signal.delivered_at !== null)
      return { proved: direct ? 'edge' : 'cloud', why: 'the receipt came by the other path', signal };
    if (signal !== null && !direct && !primary.takesTests) {
      const doors = primary.doors.map(({ door }) => door.supervision());
      if (doors.some(({ state }) => state === 'answering')) return { proved: 'door', why: null, signal };
      const silent = doors.find((door) => door.state === 'silent');
      if (silent?.state === 'silent')
        return { proved: 'cloud', why: `the centre's door does not answer: ${silent.reason}`, signal };
    }
    if (signal === null && answer?.state === 'failed')
      return { proved: 'nothing', why: answer.detail || 'the gateway could not', signal };
    if (signal === null && answer?.state === 'expired')
      return { proved: 'nothing', why: 'the gateway did not answer', signal };
    if (clock.monotonic() < probe.until) return null;
    if (signal !== null && !direct)
      return { proved: 'cloud', why: 'no receipt of the centre in time', signal };
    const edge = answer?.state === 'done' || signal !== null;
    return {
      proved: edge ? 'edge' : 'nothing',
      why: edge ? 'its signal went no further than the gateway' : 'the gateway did not answer',
      signal,
    };
  }

  async #finish(probe: InFlight, { proved, why, signal }: Outcome): Promise<void> {
    const { clock, store, alerts, names, log } = this.#parts;
    const selfTest =
      signal !== null || probe.answer?.state === 'done'
        ? 'passed'
        : probe.answer?.state === 'failed' && probe.route === 'cloud'
          ? 'failed'
          : null;
    const latency = proved === 'centre' ? countedAs(passageOf(signal!), clock.wall()) : null;
    const point = `${probe.gateway}/${probe.device}`;
    await store.commit(
      [
        {
          sql: `UPDATE probes SET done_at = ?, self_test = ?, signal = ?, proved = ?, ok = ?, latency_ms = ?, why = ?
                WHERE id = ? AND done_at IS NULL`,
          params: [
            Math.round(clock.wall()),
            selfTest,
            signal?.id ?? null,
            proved,
            why === null,
            latency,
            why,
            probe.id,
          ],
        },
      ],
      [
        { type: 'probe', subject: String(probe.id) },
        { type: 'device', subject: point },
      ],
    );
    this.#flying.delete(probe.id);
    if (![...this.#flying.values()].some(({ gateway }) => gateway === probe.gateway))
      this.#asking.delete(probe.gateway);
    log.info('a probe is done', { device: point, route: probe.route, proved, why });
    if (why === null) {
      void alerts.clear('probe-failed', probeSubject(probe));
      void alerts.clear('unproved', probeSubject(probe));
    } else void alerts.raise(probeFailed(probe, why, names));
    if (signal !== null && signal.delivered_at === null) await this.#end(signal, 'probe', proved);
  }

  async #end(
    { name: alarm, digest }: Pick<SignalRow, 'name' | 'digest'>,
    mode: 'probe' | 'test',
    proved: ApiProbe['proved'],
  ): Promise<void> {
    const reason = `no emergency; proved up to: ${proved}`;
    try {
      await this.#parts.endDelivery(alarm, { by: ourselves, reason, digest, mode });
    } catch (error) {
      this.#parts.log.error('a probe could not be ended, and is tried again', {
        alarm,
        reason: reasonOf(error),
      });
    }
  }

  /** A probe ends by itself, also one that nobody here has asked for. */
  async #endOrphans(): Promise<void> {
    const { clock, store, primary } = this.#parts;
    const followed = [...this.#flying.values()].map(({ gateway }) => gateway);
    const rows = await store.read<{ name: string; digest: string }>(
      `SELECT name, digest FROM signals WHERE mode = 'probe' AND delivered_at IS NULL AND ended_by IS NULL
         AND same_as IS NULL AND ingested_at < ? AND gateway NOT IN (SELECT value FROM json_each(?)) LIMIT 100`,
      [clock.wall() - patienceMs, JSON.stringify(followed)],
    );
    for (const probe of rows) await this.#end(probe, 'probe', 'cloud');
    if (primary.takesTests) return;
    // A test press ends there too.
    const tests = await store.read<{ name: string; digest: string }>(
      `SELECT name, digest FROM signals WHERE mode = 'test' AND delivered_at IS NULL AND ended_by IS NULL
         AND same_as IS NULL LIMIT 100`,
    );
    for (const test of tests) await this.#end(test, 'test', this.#doorAnswers() ? 'door' : 'cloud');
  }

  #doorAnswers(): boolean {
    return this.#parts.primary.doors.some(({ door }) => door.supervision().state === 'answering');
  }
}

function idOf(command: string) {
  return { sql: 'SELECT CAST(id AS TEXT) AS subject FROM probes WHERE command = ?', params: [command] };
}
