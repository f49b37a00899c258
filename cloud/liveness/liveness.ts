import { Buffer } from 'node:buffer';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import type { Command } from '#protocols/messages/command.ts';
import { deviceReport } from '#protocols/messages/state.ts';
import type { Birth, DeviceReport, Heartbeat, StateLaneMessage } from '#protocols/messages/state.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { CloudConfig } from '../config.ts';
import { namesOf } from '../names.ts';
import type { Store } from '../store/store.ts';
import { addDevice, knownFleet, newGateway } from './fleet.ts';
import type { Device, Gateway } from './fleet.ts';
import { judge, silenceBoundMs } from './judge.ts';
import { endOldNotices, takeNotice } from './notices.ts';
import { AttentiveTime, SilenceWatch } from './silence.ts';
import { Teller } from './teller.ts';

/** A gateway that has said nothing for so long is offline; also the grace after a start of the cloud. */
const gatewaySilentMs = 20_000;
/** A gateway that was stopped on purpose (an update) has so long to return before it counts as lost. */
const stoppedMs = 600_000;
const sweepMs = 500;
/** A gateway is asked for its birth at most so often. */
const rebirthEveryMs = 5_000;
/** Gateways whose last question is remembered; more than these may be asked more often. */
const askedLimit = 10_000;
/** A gateway has so long to tell again what it told in earlier sessions. */
const retoldWithinMs = 60_000;
const rebirthExpiresMs = 60_000;

export interface LivenessParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  alerts: Alerts;
  campuses: CloudConfig['campuses'];
  /** Publishes down to a gateway; what cannot be sent now is asked for again by its next message. */
  send(campus: string, gateway: string, lane: 'receipt', message: ReceiptLaneMessage): void;
  send(campus: string, gateway: string, lane: 'command', message: Command): void;
}

/** Who is there. All of it lives in memory; the table holds last reports, which after a start prove nothing. */
export interface Liveness {
  /** A message of the state lane, parsed, with the wall clock's reading when it came in. */
  onState(campus: string, gateway: string, message: StateLaneMessage, receivedAt: number): void;
  /** Any other message of a session: proof of life, or the reason to ask for a birth. */
  spoke(campus: string, gateway: string, session: string): void;
  gateways(): Gateway[];
  gateway(id: string): Gateway | null;
  devices(): Device[];
  device(gateway: string, id: string): Device | null;
  /** Steps taken by the watch over silence, for the test that holds its cost constant. */
  operations(): number;
  /** Resolves when all that is known now is written and told. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export async function startLiveness(parts: LivenessParts): Promise<Liveness> {
  const { store, clock } = parts;
  const rows = await store.read<{ gateway: string; campus: string; report: string }>(
    'SELECT gateway, campus, report FROM devices',
  );
  const remembered = rows.flatMap(({ gateway, campus, report }) => {
    const parsed = deviceReport.safeParse(JSON.parse(report));
    return parsed.success ? [{ gateway, campus, report: parsed.data }] : [];
  });
  return new Watch(parts, knownFleet(parts.campuses, remembered, Math.round(clock.wall())));
}

class Watch implements Liveness {
  readonly #parts: LivenessParts;
  readonly #names;
  readonly #fleet: Map<string, Gateway>;
  readonly #time: AttentiveTime;
  readonly #silence: SilenceWatch<Gateway | Device>;
  readonly #asked = new Map<string, number>();
  readonly #teller: Teller;
  #cancelSweep: () => void;
  #closed = false;

  constructor(parts: LivenessParts, fleet: Map<string, Gateway>) {
    this.#parts = parts;
    this.#names = namesOf(parts.campuses);
    this.#fleet = fleet;
    this.#teller = new Teller(parts, this.#names);
    this.#time = new AttentiveTime(() => parts.clock.monotonic());
    const now = this.#time.now();
    this.#silence = new SilenceWatch(now, sweepMs);
    for (const gateway of fleet.values()) {
      this.#silence.expect(gateway, now + gatewaySilentMs);
      for (const device of gateway.devices.values()) {
        device.verdict = judge(gateway.state, device.report, false);
      }
    }
    this.#cancelSweep = parts.clock.after(sweepMs, () => this.#sweep());
  }

  onState(campus: string, id: string, message: StateLaneMessage, receivedAt: number): void {
    const gateway = this.#fleet.get(id);
    if (gateway !== undefined && gateway.campus !== campus && gateway.state === 'online') {
      this.#conflict(gateway, campus);
      return;
    }
    if (message.kind === 'birth') return this.#born(campus, id, message, receivedAt);
    if (gateway === undefined || gateway.session !== message.session) {
      // The end of a session that is not the current one says nothing of the current one.
      if (message.kind !== 'will' && message.kind !== 'goodbye') this.#askForBirth(campus, id);
      return;
    }
    if (message.kind === 'will') this.#lost(gateway);
    else if (message.kind === 'goodbye') this.#stopped(gateway);
    else {
      this.#alive(gateway);
      if (message.kind === 'heartbeat') this.#beat(gateway, message, receivedAt);
      else takeNotice(this.#parts.alerts, gateway, message);
    }
  }

  spoke(campus: string, id: string, session: string): void {
    const gateway = this.#fleet.get(id);
    if (gateway?.session === session && gateway.campus === campus) this.#alive(gateway);
    else if (gateway?.campus === campus || gateway?.state !== 'online') this.#askForBirth(campus, id);
  }

  gateways = (): Gateway[] => [...this.#fleet.values()];
  gateway = (id: string): Gateway | null => this.#fleet.get(id) ?? null;
  devices = (): Device[] => this.gateways().flatMap((gateway) => [...gateway.devices.values()]);
  device = (gateway: string, id: string): Device | null => this.#fleet.get(gateway)?.devices.get(id) ?? null;
  operations = (): number => this.#silence.operations;

  settled = (): Promise<void> => this.#teller.settled();

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep();
    await this.#teller.close();
  }

  #born(campus: string, id: string, birth: Birth, receivedAt: number): void {
    const wall = Math.round(this.#parts.clock.wall());
    let gateway = this.#fleet.get(id);
    if (gateway === undefined) this.#fleet.set(id, (gateway = newGateway(campus, id, wall)));
    gateway.campus = campus;
    if (gateway.session !== birth.session) {
      gateway.notices.clear();
      this.#parts.clock.after(retoldWithinMs, () => {
        if (this.#closed || gateway.session !== birth.session) return;
        endOldNotices(this.#parts, gateway).catch((error: unknown) =>
          this.#parts.log.error('old notices could not be ended', { gateway: id, error }),
        );
      });
    }
    gateway.session = birth.session;
    gateway.stopped = false;
    gateway.beats = 0;
    gateway.epoch = birth.epoch;
    gateway.version = birth.version;
    this.#become(gateway, 'online');
    this.#alive(gateway);

    const named = new Set(birth.devices.map((report) => report.id));
    for (const device of gateway.devices.values()) {
      if (!named.has(device.id)) this.#dropReport(device);
    }
    for (const report of birth.devices) this.#report(gateway, report);
    this.#answer(gateway, birth.sent_at, receivedAt);
    this.#teller.tell();
  }

  #beat(gateway: Gateway, heartbeat: Heartbeat, receivedAt: number): void {
    // One was lost on the way, and with it perhaps the news of a device: the birth tells all of them again.
    if (heartbeat.n !== undefined && heartbeat.n > gateway.beats + 1 && gateway.beats > 0) {
      this.#askForBirth(gateway.campus, gateway.id);
    }
    gateway.beats = heartbeat.n ?? 0;
    const shown = gateway.pendingAlarms !== heartbeat.pending_alarms || !gateway.offset !== !heartbeat.offset;
    gateway.pendingAlarms = heartbeat.pending_alarms;
    gateway.offset = heartbeat.offset;
    if (shown) this.#teller.changed(gateway);
    for (const report of heartbeat.devices) this.#report(gateway, report);
    // The gateway lives and still says nothing of these.
    for (const device of gateway.overdue) {
      device.silent = true;
      this.#rejudge(device);
    }
    gateway.overdue.clear();
    this.#answer(gateway, heartbeat.sent_at, receivedAt);
    this.#teller.tell();
  }

  /** Takes in what a gateway that is online says of a device. */
  #report(gateway: Gateway, report: DeviceReport): void {
    const wall = Math.round(this.#parts.clock.wall());
    const listed = this.#names.device(gateway.id, report.id) !== null;
    let device = gateway.devices.get(report.id);
    const fresh = device?.report == null;
    device ??= addDevice(gateway, report.id, report, 'unlisted', wall);
    const changed = fresh || !sameReport(device.report, report);
    device.report = report;
    device.listing = listed ? 'listed' : 'unlisted';

    const bound = silenceBoundMs(report);
    const now = this.#time.now();
    const ago = report.heard_ago_ms;
    if (ago === null) {
      // Never heard yet: the time it has for that begins once, and is not renewed by its gateway's heartbeats.
      const counting = this.#silence.has(device) || device.silent || gateway.overdue.has(device);
      if (!counting) this.#silence.expect(device, now + bound);
    } else {
      gateway.overdue.delete(device);
      device.heardAt = Math.round(wall - ago);
      device.silent = ago >= bound;
      if (device.silent) this.#silence.forget(device);
      else this.#silence.expect(device, now + bound - ago);
    }
    this.#rejudge(device);
    if (changed) this.#teller.changed(device);
  }

  /** The gateway's file names it no longer. */
  #dropReport(device: Device): void {
    const { gateway, id } = device;
    if (device.report === null && device.listing === 'missing') return this.#rejudge(device);
    this.#silence.forget(device);
    gateway.overdue.delete(device);
    device.report = null;
    device.silent = false;
    device.listing = 'missing';
    this.#rejudge(device);
    this.#teller.changed(device);
    for (const code of ['device-offline', 'device-fault'] as const) {
      void this.#parts.alerts.clear(code, `${gateway.id}/${id}`);
    }
    if (this.#names.device(gateway.id, id) === null) gateway.devices.delete(id);
  }

  #alive(gateway: Gateway): void {
    gateway.heardAt = Math.round(this.#parts.clock.wall());
    this.#silence.expect(gateway, this.#time.now() + gatewaySilentMs);
  }

  #stopped(gateway: Gateway): void {
    this.#lost(gateway, true);
    this.#silence.expect(gateway, this.#time.now() + stoppedMs);
  }

  #lost(gateway: Gateway, stopped = false): void {
    gateway.session = null;
    gateway.stopped = stopped;
    this.#silence.forget(gateway);
    this.#become(gateway, 'offline');
    this.#teller.tell();
  }

  #become(gateway: Gateway, state: Gateway['state']): void {
    if (gateway.state !== state) {
      gateway.state = state;
      gateway.since = Math.round(this.#parts.clock.wall());
    }
    this.#teller.changed(gateway);
    if (state !== 'online') gateway.overdue.clear();
    for (const device of gateway.devices.values()) {
      if (state !== 'online') {
        this.#silence.forget(device);
        device.silent = false;
      }
      this.#rejudge(device);
    }
  }

  #rejudge(device: Device): void {
    const before = device.verdict;
    device.verdict = judge(device.gateway.state, device.report, device.silent);
    if (device.verdict.state !== before.state) device.since = Math.round(this.#parts.clock.wall());
    else if (device.verdict.reason?.en === before.reason?.en) return;
    this.#teller.changed(device);
  }

  #sweep(): void {
    for (const silent of this.#silence.due(this.#time.now())) {
      if ('devices' in silent) this.#lost(silent);
      else silent.gateway.overdue.add(silent);
    }
    this.#teller.tell();
    this.#cancelSweep = this.#parts.clock.after(sweepMs, () => this.#sweep());
  }

  /** Two gateways of one name on two campuses: the one that is online keeps it, and people are told. */
  #conflict(gateway: Gateway, campus: string): void {
    void this.#parts.alerts.raise({
      code: 'identity-conflict',
      severity: 'critical',
      subject: gateway.id,
      text: {
        zh: `校区 ${campus} 和 ${gateway.campus} 各有一个叫 ${gateway.id} 的网关`,
        en: `campuses ${campus} and ${gateway.campus} both have a gateway called ${gateway.id}`,
      },
    });
  }

  #askForBirth(campus: string, id: string): void {
    const now = this.#parts.clock.monotonic();
    const asked = this.#asked.get(id);
    if (asked !== undefined && now - asked < rebirthEveryMs) return;
    if (this.#asked.size >= askedLimit) this.#asked.clear();
    this.#asked.set(id, now);
    const command = Buffer.from(this.#parts.random.bytes(8)).toString('hex');
    const expiresAt = Math.round(this.#parts.clock.wall()) + rebirthExpiresMs;
    this.#parts.send(campus, id, 'command', { kind: 'rebirth', id: command, expires_at: expiresAt });
  }

  #answer(gateway: Gateway, echo: number, receivedAt: number): void {
    const { store, clock, log } = this.#parts;
    const { id, campus, session, epoch } = gateway;
    if (session === null || epoch === null) return;
    store
      .read<{ n: number | null }>('SELECT MAX(n) AS n FROM signals WHERE gateway = ? AND epoch = ?', [
        id,
        epoch,
      ])
      .then(
        ([row]) => {
          if (this.#closed) return;
          this.#parts.send(campus, id, 'receipt', {
            kind: 'birth-answer',
            cloud_epoch: store.epoch,
            received_at: Math.round(receivedAt),
            sent_at: Math.round(clock.wall()),
            session,
            echo_sent_at: echo,
            epoch,
            highest_n: row?.n ?? 0,
          });
        },
        (error: unknown) => log.error('a birth could not be answered', { gateway: id, error }),
      );
  }
}

/** Whether two reports say the same but for when the device was heard. */
function sameReport(a: DeviceReport | null, b: DeviceReport): boolean {
  const text = (report: DeviceReport) =>
    JSON.stringify({ ...report, heard_ago_ms: report.heard_ago_ms === null });
  return a !== null && text(a) === text(b);
}
