import belfry from '../package.json' with { type: 'json' };
import type { Ports } from '#platform/ports.ts';
import type { Door } from '#platform/doors/door.ts';
import { openDoor } from '#platform/doors/open.ts';
import { within } from '#platform/within.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import type { DeviceAct } from '#protocols/messages/command.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';
import { nameText } from '#protocols/signal.ts';
import { Alarms } from './alarm/alarms.ts';
import { commandRunner } from './commands/commands.ts';
import { Drills } from './commands/drills.ts';
import { brokerPlace } from './local-broker.ts';
import type { DirectConfig, EdgeConfig } from './config.ts';
import { Devices } from './devices.ts';
import { directPathId, reportDirectPath } from './direct-path.ts';
import { addressText } from './drivers/address.ts';
import { type RunningLine, runLine } from './lines.ts';
import { Notices } from './notices.ts';
import { reasonOf } from '#platform/reason.ts';
import { startPictures } from './pictures/pictures.ts';
import { outboxNotices } from './outbox/notices.ts';
import { type Kept, type KeptClock, Outbox } from './outbox/outbox.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { turns } from './turns.ts';
import { connectAlarmLink } from './uplink/alarm-link.ts';
import { connectBulkLink } from './uplink/bulk-link.ts';
import { clockKeptEveryMs, CloudClock } from './uplink/offset.ts';

/** The clock is kept when it has moved by so much, ms, and every so often. */
const clockMovedMs = 100;
const sweepEveryMs = 60_000;
/** How long the parts may take to close, ms: a stop is graceful, but it is a stop. */
const closeWithinMs = 1500;

export interface EdgeStatus {
  epoch: string;
  highest_n: number;
  outbox_open: boolean;
  alarm_link_up: boolean;
  bulk_link_up: boolean;
  alarms: ReturnType<Alarms['status']>;
  devices: DeviceReport[];
}

export interface Edge {
  status(): EdgeStatus;
  /** Stops in order, within 2 s. What is in the outbox goes on at the next start. */
  close(): Promise<void>;
}

/** Makes the edge's own door into the primary centre. */
export type MakeDoor = (config: DirectConfig, ports: Ports) => Door;

const openDirectDoor: MakeDoor = (config, ports) =>
  openDoor(config.door, { ...ports, centreClock: { offsetMs: 0 } });

/**
 * Starts the edge of one campus gateway on the ports it is given. Resolves when presses are taken; nothing that
 * is out of order (disk, broker, 110, a tty) keeps it from starting.
 */
export async function startEdge(
  ports: Ports,
  config: EdgeConfig,
  makeDoor: MakeDoor = openDirectDoor,
): Promise<Edge> {
  const { clock, log } = ports;
  const cloudClock = new CloudClock(clock);
  const notices = new Notices();
  const outbox = new Outbox(ports, config.gateway, {
    ...outboxNotices(notices, log),
    late(kept) {
      takeOver(kept);
      // Its names may be of another epoch now.
      bulkLink.birth();
    },
  });
  const devices = new Devices(clock);
  const lineWorld = {
    ports,
    turns: turns(config.looks_at_once),
    localBroker: config.local_broker ? brokerPlace(config.local_broker) : null,
  };
  const lines: RunningLine[] = [];
  const lineOf = (device: string) => lines.find((line) => line.devices.has(device));
  const byId = new Map(config.devices.map((d) => [d.id, d]));
  let keptClock: KeptClock | null = null;
  let closed = false;

  for (const { driver, line } of config.lines) {
    const wire = line.devices.length > 1 ? addressText(line.address) : undefined;
    for (const device of line.devices) {
      const { kind, acts } = driver.describe(device);
      devices.add({ id: device.id, kind, driver: driver.name, heartbeat_s: device.heartbeat_s, acts, wire });
    }
  }
  const directSupervision = config.direct?.door.supervision;
  if (config.direct && directSupervision) {
    const { interval_s } = directSupervision;
    const driver = config.direct.door.kind;
    devices.add({ id: directPathId, kind: 'direct-path', driver, heartbeat_s: interval_s, acts: [] });
  }

  const kept = await outbox.start();
  const door = config.direct ? makeDoor(config.direct, ports) : null;
  const direct =
    config.direct && door
      ? {
          centre: config.direct.centre,
          door,
          afterMs: config.direct.after_ms,
          takesTests: config.direct.takes_tests,
        }
      : null;
  const drills = new Drills({
    clock,
    random: ports.random,
    log,
    cloudClock,
    keep: (all) => outbox.keepDrills(all),
  });

  const alarmLink = connectAlarmLink(ports, config, {
    onUp: () => alarms.linkUp(),
    onDown: () => alarms.linkDown(),
    onReceipt,
  });
  const bulkLink = connectBulkLink(ports, config, cloudClock, {
    heartbeatMs: config.heartbeat_s * 1000,
    birth: () => ({
      epoch: outbox.epoch,
      highest_n: outbox.highestN,
      version: belfry.version,
      account: config.account,
      ...(pictures && { picture_plan: pictures.planDigest() }),
      devices: devices.all(),
    }),
    heartbeat() {
      if (door && directSupervision) reportDirectPath(door, devices);
      return {
        offset: cloudClock.estimate(),
        pending_alarms: alarms.pending,
        drills: drills.holding(),
        devices: devices.news(),
      };
    },
    command: (command) => runCommand(command),
    onSession: (tell) => notices.session(tell),
  });
  const alarms = new Alarms(
    {
      clock,
      random: ports.random,
      log,
      outbox,
      cloudClock,
      notices,
      link: alarmLink,
      session: () => bulkLink.session(),
      direct,
      abovePerMinute: config.summing.above_per_minute,
      inDrill: (device, pressedAt) => drills.covers(device, pressedAt),
      failedAfterMs: config.lamp.failed_after_ms,
      lampOf,
      silentFor: (device, units) => devices.silentFor(device, units),
      onSent: ({ name, facts }) => pictures?.alarm(nameText(name), facts.device, facts.mode),
    },
    // A driver can only name devices of its line, and the file gives every one that raises alarms a zone.
    (device) => ({ account: config.account, zone: byId.get(device)?.zone ?? 999 }),
  );
  async function act(device: string, act: DeviceAct) {
    const line = lineOf(device);
    if (!line) throw new Error(`there is no device ${device} here`);
    if (!line.run?.act) throw new Error(`the driver of ${device} takes no commands now`);
    return line.run.act(device, act);
  }

  const pictures =
    config.pictures === undefined || !ports.http
      ? null
      : startPictures(ports, ports.http, {
          config: config.pictures,
          gateway: config.gateway,
          notices,
          alarmOnItsWay: () => alarms.onTheirWay,
          cloudTime: () => cloudClock.at(clock.monotonic()),
          act,
        });
  const runCommand = commandRunner({
    clock,
    log,
    cloudClock,
    drills,
    direct,
    rebirth: () => bulkLink.birth(),
    raisesAlarms: (device) => byId.get(device)?.zone !== undefined,
    act,
    pictures,
    tested: (device, result) => devices.tested(device, result),
    raise: (device, route, proof) => alarms.probe(device, route, proof),
  });

  function takeOver(kept: Kept): void {
    notices.close('outbox', 'open');
    cloudClock.resume(kept.clock);
    drills.resume(kept.drills);
    alarms.resume(kept);
  }

  /** Undefined: this device has no lamp. Null: its driver is not running, or not yet. */
  function lampOf(device: string) {
    if (!byId.has(device)) return undefined;
    const run = lineOf(device)?.run;
    return run ? run.lamp?.bind(run) : null;
  }

  function onReceipt(message: ReceiptLaneMessage): void {
    if (message.kind === 'birth-answer') {
      cloudClock.learn(message);
      if (message.epoch === outbox.epoch && message.highest_n > outbox.highestN) rewound(message.highest_n);
    }
    if (message.kind === 'telemetry-receipt') telemetry.receipt(message);
    alarms.receipt(message);
    keepClock();
  }

  /** The cloud knows names that we have not given yet: our file is a copy from earlier. */
  function rewound(highestN: number): void {
    log.error('the outbox was rewound: a new epoch begins', { epoch: outbox.epoch, highest_n: highestN });
    outbox.beginEpoch();
    notices.open('outbox-rewound', outbox.epoch, {
      zh: '网关的报警存储被还原成了旧副本，已启用新的编号段',
      en: "The gateway's alarm store was restored from an older copy; alarms are numbered in a new epoch",
    });
    bulkLink.birth();
  }

  function keepClock(): void {
    const estimate = cloudClock.estimate();
    const wall = Math.round(clock.wall());
    if (!estimate || !outbox.isOpen) return;
    const moved = !keptClock || Math.abs(estimate.offset_ms - keptClock.offset_ms) > clockMovedMs;
    if (!moved && wall - keptClock!.wall < clockKeptEveryMs) return;
    keptClock = { offset_ms: estimate.offset_ms, wall };
    outbox.keepClock(keptClock).catch((error: unknown) => {
      log.warn('the clock was not kept', { reason: reasonOf(error) });
    });
  }

  function sweep(): void {
    if (closed) return;
    alarms.sweep();
    void outbox.sweep();
    // Only a clock that is known may say what is 30 days old.
    const estimate = cloudClock.estimate();
    if (estimate && outbox.isOpen) {
      outbox.purge([clock.wall(), clock.wall() + estimate.offset_ms]).catch((error: unknown) => {
        log.warn('old alarms were not purged', { reason: reasonOf(error) });
      });
    }
    clock.after(sweepEveryMs, sweep);
  }

  async function shut(): Promise<void> {
    await Promise.allSettled([
      ...lines.map((l) => l.close()),
      telemetry.close(),
      pictures?.close(),
      bulkLink.close(),
      alarmLink.close(),
      door?.close(),
    ]);
    await outbox.close();
  }

  if (kept) takeOver(kept);
  const telemetry = new Telemetry(ports, {
    gateway: config.gateway,
    link: bulkLink,
    cloudClock,
    notices,
    alarmOnItsWay: () => alarms.onTheirWay,
  });
  // Whatever its file does, no press waits for it.
  void telemetry.start();
  for (const configured of config.lines) {
    lines.push(
      runLine(lineWorld, configured, devices, {
        event: (raised) => alarms.event(raised),
        level: (device, type, up, readAt) => alarms.level({ device, type }, up, readAt),
        measure: (device, field, value, unit) => telemetry.measure(device, field, value, unit),
        record: (device, kind, details, readAt) => telemetry.record(device, kind, details, readAt),
        picture: (device, jpeg, verdict) => pictures?.looked(device, jpeg, verdict),
        // A driver starts before its line is in the list.
        started: (ids) => clock.after(0, () => alarms.lampsUp(ids)),
      }),
    );
  }
  clock.after(sweepEveryMs, sweep);
  log.info('the edge runs', { gateway: config.gateway, devices: config.devices.length });

  return {
    status: () => ({
      epoch: outbox.epoch,
      highest_n: outbox.highestN,
      outbox_open: outbox.isOpen,
      alarm_link_up: alarmLink.up,
      bulk_link_up: bulkLink.up,
      alarms: alarms.status(),
      devices: devices.all(),
    }),
    async close() {
      closed = true;
      alarms.close();
      drills.close();
      await within(clock, closeWithinMs, shut());
    },
  };
}
