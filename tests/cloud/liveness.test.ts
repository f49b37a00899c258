import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlerts } from '#cloud/alerts/alerts.ts';
import type { CloudConfig } from '#cloud/config.ts';
import { startLiveness } from '#cloud/liveness/liveness.ts';
import type { Liveness } from '#cloud/liveness/liveness.ts';
import { AttentiveTime, SilenceWatch } from '#cloud/liveness/silence.ts';
import { openStore } from '#cloud/store/store.ts';
import type { Store } from '#cloud/store/store.ts';
import type { Birth, DeviceReport, Heartbeat } from '#protocols/messages/state.ts';
import { HandClock, MemoryDatabases, quiet, seeded } from './fake-ports.ts';

const epoch = '00112233aabbccdd';
let clock: HandClock;
let databases: MemoryDatabases;
let store: Store;
let liveness: Liveness;
let sent: { gateway: string; lane: string; message: Record<string, unknown> }[];

beforeEach(async () => {
  clock = new HandClock();
  databases = new MemoryDatabases();
  await start();
});
afterEach(() => liveness.close());

async function start(campuses: CloudConfig['campuses'] = []) {
  sent = [];
  store = await openStore({ clock, random: seeded(), databases });
  const alerts = await createAlerts({ clock, random: seeded(), log: quiet, store });
  liveness = await startLiveness({
    clock,
    random: seeded(),
    log: quiet,
    store,
    alerts,
    campuses,
    send: (_campus: string, gateway: string, lane: string, message: object) =>
      void sent.push({ gateway, lane, message: message as Record<string, unknown> }),
  });
}

async function restart(campuses?: CloudConfig['campuses']) {
  await liveness.close();
  await start(campuses);
}

const button = (id: string, more: Partial<DeviceReport> = {}): DeviceReport => ({
  id,
  kind: 'button',
  driver: 'button',
  heartbeat_s: 30,
  heard_ago_ms: 0,
  health: { state: 'good' },
  line_open: true,
  facts: {},
  acts: [],
  ...more,
});
const birth = (session: string, devices: DeviceReport[], gateway = 'gate', more: Partial<Birth> = {}) =>
  liveness.onState(
    'school',
    gateway,
    {
      kind: 'birth',
      session,
      sent_at: 5,
      epoch,
      highest_n: 0,
      version: '1.0.0',
      account: 'AAAA',
      devices,
      ...more,
    },
    clock.wall(),
  );
const beat = (session: string, devices: DeviceReport[] = [], more: Partial<Heartbeat> = {}) =>
  liveness.onState(
    'school',
    'gate',
    { kind: 'heartbeat', session, sent_at: 7, offset: null, pending_alarms: 0, devices, ...more },
    clock.wall(),
  );
const will = (session: string) => liveness.onState('school', 'gate', { kind: 'will', session }, clock.wall());

/** The gateway lives on for `ms` and says `devices` with each heartbeat. */
async function beats(session: string, ms: number, devices: () => DeviceReport[] = () => []) {
  for (let passed = 0; passed < ms; passed += 5_000) {
    await clock.pass(5_000);
    beat(session, devices());
  }
  await clock.pass(0);
}

/** How often a birth was asked for. */
const asked = () => sent.filter(({ message }) => message['kind'] === 'rebirth').length;
const state = (id: string) => liveness.device('gate', id)?.verdict.state;
async function alerts(where = 'closed_at IS NULL') {
  await liveness.settled();
  const rows = await store.read(`SELECT code, subject FROM alerts WHERE ${where} ORDER BY id`);
  return rows.map(({ code, subject }) => `${String(code)} ${String(subject)}`);
}

describe('a gateway', () => {
  it('that was stopped on purpose is a warning, until it stays away for too long', async () => {
    birth('s1', [button('b1')]);
    liveness.onState('school', 'gate', { kind: 'goodbye', session: 's1' }, clock.wall());
    await clock.pass(500_000);
    expect(liveness.gateway('gate')?.state).toBe('offline');
    expect(await alerts()).toEqual(['gateway-stopped gate']);
    await clock.pass(110_000);
    expect(await alerts()).toEqual(['gateway-offline gate']);
    birth('s2', [button('b1')]);
    expect(await alerts()).toEqual([]);
  });

  it('one of whose heartbeats was lost is asked for its birth, since news may have gone with it', async () => {
    birth('s1', [button('b1')]);
    beat('s1', [], { n: 1 });
    beat('s1', [], { n: 2 });
    expect(asked()).toBe(0);
    beat('s1', [], { n: 4 });
    expect(asked()).toBe(1);
  });

  it('that is silent for 20 s is offline and raises one alert, which its birth ends', async () => {
    birth('s1', [button('b1')]);
    await clock.pass(19_000);
    expect(liveness.gateway('gate')?.state).toBe('online');
    await clock.pass(2_000);
    expect(liveness.gateway('gate')?.state).toBe('offline');
    expect(await alerts()).toEqual(['gateway-offline gate']);
    birth('s2', [button('b1')]);
    expect(await alerts()).toEqual([]);
    expect(state('b1')).toBe('good');
  });

  it('two hundred devices behind a cut gateway raise one alert, also when they were to beat every 5 s', async () => {
    const devices = Array.from({ length: 200 }, (_, i) => button(`b${i}`, { heartbeat_s: 5 }));
    birth('s1', devices);
    await clock.pass(300_000);
    expect(liveness.devices().map((d) => d.verdict.state)).toEqual(devices.map(() => 'unknown'));
    expect(await alerts('true')).toEqual(['gateway-offline gate']);
  });

  it('is offline at once by the will of its session', async () => {
    birth('s1', [button('b1')]);
    will('s1');
    expect(liveness.gateway('gate')?.state).toBe('offline');
    expect(state('b1')).toBe('unknown');
    expect(await alerts()).toEqual(['gateway-offline gate']);
  });

  it('is not touched by the late will of an old session', async () => {
    birth('s1', [button('b1')]);
    birth('s2', [button('b1')]);
    will('s1');
    will('never-born');
    expect(liveness.gateway('gate')?.state).toBe('online');
    expect(await alerts('true')).toEqual([]);
    expect(sent.some((one) => one.lane === 'command')).toBe(false);
  });

  it('that speaks in a session without a birth is asked for one, but not with every message', async () => {
    for (let i = 0; i < 10; i += 1) beat('s9');
    liveness.spoke('school', 'gate', 's9');
    expect(sent).toMatchObject([{ gateway: 'gate', lane: 'command', message: { kind: 'rebirth' } }]);
    await clock.pass(6_000);
    beat('s9');
    expect(sent).toHaveLength(2);
    expect(liveness.gateway('gate')?.state ?? 'unknown').toBe('unknown');
  });

  it('is told with birth and heartbeat how far its epoch is known, echoing its own time', async () => {
    await store.commit([
      {
        sql: `INSERT INTO signals (name, digest, campus, gateway, epoch, n, device, type, mode, account, zone, code,
                occurred_at, clock_known, age_at_ingest_ms, age_at_first_byte_ms, first_byte_at, ingested_at, committed_at)
              VALUES ('x', 'd', 'school', 'gate', ?, 41, 'b1', 'press', 'real', 'AAAA', 1, '120', 1, 1, 0, 0, 1, 1, 1)`,
        params: [epoch],
      },
    ]);
    birth('s1', []);
    await clock.pass(0);
    beat('s1');
    await clock.pass(0);
    const answer = { kind: 'birth-answer', session: 's1', epoch, highest_n: 41, cloud_epoch: store.epoch };
    expect(sent.map((one) => one.message)).toMatchObject([
      { ...answer, echo_sent_at: 5 },
      { ...answer, echo_sent_at: 7 },
    ]);
  });

  it('of the same name on another campus does not take the place of the one that is online', async () => {
    birth('s1', []);
    liveness.onState('other', 'gate', { kind: 'will', session: 's1' }, 0);
    expect(liveness.gateway('gate')).toMatchObject({ campus: 'school', state: 'online' });
    expect(await alerts()).toEqual(['identity-conflict gate']);
  });

  it('notices become alerts, and end when it says so or does not tell them again in a new session', async () => {
    birth('s1', []);
    const notice = (open: boolean, session = 's1', subject = 'outbox') =>
      liveness.onState(
        'school',
        'gate',
        {
          kind: 'notice',
          session,
          code: 'disk-slow',
          subject,
          open,
          text: { zh: '慢', en: 'slow' },
        },
        0,
      );
    notice(true);
    notice(true);
    await clock.pass(0);
    expect(await alerts()).toEqual(['gateway-notice gate/disk-slow/outbox']);
    notice(false);
    await clock.pass(0);
    expect(await alerts()).toEqual([]);

    notice(true);
    notice(true, 's1', 'other');
    await clock.pass(0);
    birth('s2', []);
    notice(true, 's2');
    await clock.pass(0);
    expect(await alerts()).toHaveLength(2);
    await beats('s2', 65_000);
    expect(await alerts()).toEqual(['gateway-notice gate/disk-slow/outbox']);
  });
});

describe('a device', () => {
  it('is offline after three heartbeats of silence, raises one alert, and its return ends it', async () => {
    birth('s1', [button('b1'), button('b2')]);
    await beats('s1', 85_000, () => [button('b2')]);
    expect(state('b1')).toBe('good');
    await beats('s1', 10_000, () => [button('b2')]);
    expect(state('b1')).toBe('offline');
    expect(state('b2')).toBe('good');
    expect(await alerts()).toEqual(['device-offline gate/b1']);
    beat('s1', [button('b1')]);
    expect(state('b1')).toBe('good');
    expect(await alerts()).toEqual([]);
    expect(await alerts('true')).toHaveLength(1);
  });

  it('that was never heard has the same time, and its gateway’s heartbeats do not renew it', async () => {
    const never = () => [button('b1', { heard_ago_ms: null, health: null })];
    birth('s1', never());
    await beats('s1', 85_000, never);
    expect(state('b1')).toBe('unknown');
    await beats('s1', 10_000, never);
    expect(state('b1')).toBe('offline');
  });

  it('whose silence began before its gateway’s birth gets no new time', async () => {
    birth('s1', [button('b1', { heard_ago_ms: 80_000 }), button('b2', { heard_ago_ms: 7_200_000 })]);
    expect(state('b1')).toBe('good');
    expect(state('b2')).toBe('offline');
    await beats('s1', 15_000);
    expect(state('b1')).toBe('offline');
  });

  it('that its driver calls faulty shows the reason and raises an alert', async () => {
    const reason = { zh: '脏', en: 'dirty' };
    birth('s1', [button('b1', { health: { state: 'fault', reason } })]);
    expect(liveness.device('gate', 'b1')?.verdict).toEqual({ state: 'fault', reason });
    expect(await alerts()).toEqual(['device-fault gate/b1']);
    beat('s1', [button('b1')]);
    expect(await alerts()).toEqual([]);
  });

  it('whose line is not open yet when its gateway starts raises nothing', async () => {
    birth('s1', [button('b1', { heard_ago_ms: null, health: null, line_open: false })]);
    expect(state('b1')).toBe('unknown');
    expect(await alerts('true')).toEqual([]);
  });

  it('keeps its open alert while its gateway is cut off, and loses it when the edge’s file drops it', async () => {
    birth('s1', [button('b1', { heard_ago_ms: 7_200_000 })]);
    await liveness.settled();
    will('s1');
    expect(await alerts()).toEqual(['device-offline gate/b1', 'gateway-offline gate']);
    birth('s2', []);
    await clock.pass(0);
    expect(await alerts()).toEqual([]);
    expect(liveness.devices()).toEqual([]);
  });

  it('is listed, unlisted or missing by what both files say', async () => {
    const device = (id: string) => ({ id, name: { zh: id, en: id }, kind: 'button' as const });
    await restart([
      {
        id: 'school',
        name: { zh: '学校', en: 'School' },
        gateways: [{ id: 'gate', devices: [device('b1'), device('b2')] }],
      },
    ]);
    birth('s1', [button('b1'), button('b3')]);
    expect(liveness.devices().map((d) => [d.id, d.listing, d.verdict.state])).toEqual([
      ['b1', 'listed', 'good'],
      ['b2', 'missing', 'unknown'],
      ['b3', 'unlisted', 'good'],
    ]);
  });
});

describe('the cloud', () => {
  it('after a restart holds nothing online until it said so, and alerts nobody for 20 s', async () => {
    birth('s1', [button('b1')]);
    await liveness.settled();
    await restart();
    expect(liveness.gateway('gate')?.state).toBe('unknown');
    expect(state('b1')).toBe('unknown');
    beat('s1', [button('b1')]);
    expect(state('b1')).toBe('unknown');
    await clock.pass(19_000);
    expect(await alerts('true')).toEqual([]);
    await clock.pass(2_000);
    expect(await alerts()).toEqual(['gateway-offline gate']);
    expect(state('b1')).toBe('unknown');
  });

  it('that stood still for a minute blames nobody', async () => {
    birth('s1', [button('b1')]);
    await clock.freeze(60_000);
    await clock.pass(1_000);
    expect(liveness.gateway('gate')?.state).toBe('online');
    expect(await alerts('true')).toEqual([]);
    await clock.pass(21_000);
    expect(liveness.gateway('gate')?.state).toBe('offline');
  });

  it('tells an alert late rather than never when its disk was full', async () => {
    birth('s1', [button('b1')]);
    await liveness.settled();
    databases.fail = new Error('disk full');
    will('s1');
    await clock.pass(3_000);
    databases.fail = null;
    expect(await alerts()).toEqual([]);
    await clock.pass(6_000);
    expect(await alerts()).toEqual(['gateway-offline gate']);
    expect(
      await store.read(`SELECT 1 FROM events WHERE type = 'device' AND subject = 'gate/b1'`),
    ).toHaveLength(2);
  });

  it('shows what changed in the feed, and not what only beats', async () => {
    birth('s1', [button('b1')]);
    await liveness.settled();
    const [before] = await store.read('SELECT COUNT(*) AS n FROM events');
    await beats('s1', 60_000, () => [button('b1')]);
    await liveness.settled();
    expect(await store.read('SELECT COUNT(*) AS n FROM events')).toEqual([{ n: Number(before?.n) + 1 }]);
  });
});

describe('the watch over silence', () => {
  const costOf = (fleet: number) => {
    const watch = new SilenceWatch<number>(0);
    for (let i = 0; i < fleet; i += 1) watch.expect(i, 90_000 + i);
    const before = watch.operations;
    for (let i = 0; i < 100; i += 1) watch.expect(i, 95_000);
    watch.due(1_000);
    return watch.operations - before;
  };

  it('costs the same for each heartbeat whatever the fleet', () => {
    expect(costOf(100_000)).toBe(costOf(100));
  });

  it('tells each silent one once, none early, and at most one slot late', () => {
    const watch = new SilenceWatch<string>(0);
    watch.expect('a', 700);
    watch.expect('b', 90_000);
    expect(watch.due(699)).toEqual([]);
    expect(watch.due(1_000)).toEqual(['a']);
    watch.expect('b', 2_000);
    watch.expect('late', 3);
    expect(watch.due(2_000).sort()).toEqual(['b', 'late']);
    expect(watch.due(200_000)).toEqual([]);
  });

  it('counts only the time in which this process listened', () => {
    let now = 0;
    const time = new AttentiveTime(() => now);
    now = 1_500;
    expect(time.now()).toBe(1_500);
    now = 61_500;
    expect(time.now()).toBe(1_500);
  });
});
