import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Alerts, type AlertText, createAlerts } from '#cloud/alerts/alerts.ts';
import { type Attention, createAttention } from '#cloud/alerts/attention.ts';
import { alertReader } from '#cloud/alerts/reading.ts';
import { createFeed } from '#cloud/feed.ts';
import { type Channel, type Notice, type Told, TooFast } from '#cloud/notify/channel.ts';
import { notifyConfig } from '#cloud/notify/config.ts';
import { Notifier } from '#cloud/notify/notifier.ts';
import { queueLimit } from '#cloud/notify/queue.ts';
import { routeOf } from '#cloud/notify/routing.ts';
import { watchUnattended } from '#cloud/notify/unattended.ts';
import { openStore, type Store } from '#cloud/store/store.ts';
import { HandClock, MemoryDatabases, quiet, seeded } from './fake-ports.ts';

const minute = 60_000;
const hour = 60 * minute;
let clock: HandClock;
let store: Store;
let alerts: Alerts;
let attention: Attention;
let notifiers: Notifier[];
let stopWatching: () => void;

beforeEach(async () => {
  clock = new HandClock();
  store = await openStore({ clock, random: seeded(), databases: new MemoryDatabases() });
  alerts = await createAlerts({ clock, random: seeded(), log: quiet, store });
  attention = await createAttention({ clock, log: quiet, store });
  notifiers = [];
  stopWatching = () => {};
});
afterEach(async () => {
  stopWatching();
  attention.close();
  await Promise.all(notifiers.map((notifier) => notifier.stop()));
});

/** Writes down each message as the list of what was in it. */
class Group implements Channel {
  readonly id: string;
  readonly kind = 'dingtalk';
  readonly language = 'zh';
  readonly perMinute = 20;
  readonly most = 10;
  messages: string[][] = [];
  at: number[] = [];
  fails: Error | null = null;
  constructor(id = 'group') {
    this.id = id;
  }
  async tell(notices: readonly Notice[]): Promise<Told> {
    if (this.fails !== null) throw this.fails;
    this.at.push(clock.monotonic());
    this.messages.push(notices.map(({ event, alert }) => `${event} ${alert.subject}`));
    return { count: notices.length, answer: 'ok' };
  }
  try = async () => 'tried';
}

async function start(given: object, ...groups: Group[]) {
  const { rules, escalation } = notifyConfig.parse(given);
  const read = alertReader({ clock, store, campusOf: () => 'school' });
  const parts = { clock, random: seeded(), log: quiet, store, feed: createFeed(store), read };
  notifiers = groups.map(
    (group) =>
      new Notifier(
        { ...parts, route: (alert, channel, now) => routeOf(alert, channel, rules, now, 'Asia/Shanghai') },
        group,
      ),
  );
  for (const notifier of notifiers) notifier.start();
  if (escalation) stopWatching = watchUnattended(parts, escalation);
  await clock.pass(0);
}

const offline = (subject: string): AlertText => ({
  code: 'device-offline',
  severity: 'critical',
  subject: `gate/${subject}`,
  text: { zh: '离线', en: 'offline' },
});
const undelivered = (n: number): AlertText => ({
  code: 'alarm-undelivered',
  severity: 'critical',
  subject: `gate.0011.alarm.${n}`,
  mode: 'real',
  text: { zh: '未送达', en: 'not delivered' },
});
const raise = async (alert: AlertText) => {
  await alerts.raise(alert);
  await clock.pass(0);
};
const end = async (alert: AlertText) => {
  await alerts.clear(alert.code, alert.subject);
  await clock.pass(0);
};

describe('a flood', () => {
  it('reaches a robot within its bounds, digested, each alert once and none dropped', async () => {
    const group = new Group();
    await start({}, group);
    for (let i = 0; i < 120; i += 1) await raise(offline(`d${i}`));
    await clock.pass(5 * minute);
    const told = group.messages.flat();
    expect([told.length, new Set(told).size]).toEqual([120, 120]);
    expect(group.messages.length).toBeLessThan(40);
    for (const at of group.at) {
      const inMinute = group.at.filter((other) => other > at - minute && other <= at);
      expect(inMinute.length).toBeLessThanOrEqual(20);
    }
  });

  it('holds no alarm up: it goes next and by itself, before all that waits', async () => {
    const group = new Group();
    await start({}, group);
    for (let i = 0; i < 300; i += 1) await alerts.raise(offline(`d${i}`));
    await clock.pass(20_000);
    const before = group.messages.length;
    await raise(undelivered(1));
    await clock.pass(300);
    expect(group.messages.slice(before)[0]).toEqual(['opened gate.0011.alarm.1']);
  });

  it('that fills the queue makes warnings leave first and alarms never, and says so', async () => {
    const group = new Group();
    group.fails = new Error('nobody there');
    await start({ rules: [{}] }, group);
    await alerts.raise(undelivered(1));
    await alerts.raise(offline('b'));
    const text = JSON.stringify({ zh: '故障', en: 'fault' });
    const rows = Array.from({ length: queueLimit + 50 }, (_, i) => ({
      sql: `INSERT INTO alerts (code, severity, subject, text, opened_at) VALUES ('device-fault', 'warning', ?, ?, ?)`,
      params: [`gate/f${i}`, text, Math.round(clock.wall())],
    }));
    const changes = rows.map((_, i) => ({ type: 'alert', subject: String(i + 3) }) as const);
    await store.commit(rows, changes);
    await clock.pass(10);
    expect(await notifiers[0]!.state()).toMatchObject({ waiting: queueLimit, lost: 52 });
    const left = await store.read(`SELECT DISTINCT weight FROM notifications WHERE outcome = 'full'`);
    expect(left).toEqual([{ weight: 2 }]);
    group.fails = null;
    await clock.pass(hour);
    expect(group.messages[0]).toEqual(['opened gate.0011.alarm.1']);
  }, 60_000);

  it('of alarms alone makes none of them leave', async () => {
    const group = new Group();
    group.fails = new Error('nobody there');
    await start({}, group);
    const text = JSON.stringify({ zh: '未送达', en: 'not delivered' });
    const count = queueLimit + 50;
    const rows = Array.from({ length: count }, (_, i) => ({
      sql: `INSERT INTO alerts (code, severity, subject, mode, text, opened_at)
            VALUES ('alarm-undelivered', 'critical', ?, 'real', ?, ?)`,
      params: [`gate.0011.alarm.${i}`, text, Math.round(clock.wall())],
    }));
    const changes = rows.map((_, i) => ({ type: 'alert', subject: String(i + 1) }) as const);
    await store.commit(rows, changes);
    await clock.pass(10);
    expect(await notifiers[0]!.state()).toMatchObject({ waiting: count, lost: 0 });
  }, 60_000);

  it('that the other side counts too makes it wait a minute, and costs nothing', async () => {
    const group = new Group();
    await start({}, group);
    group.fails = new TooFast('patience');
    await raise(offline('a'));
    group.fails = null;
    await clock.pass(59_000);
    expect(group.messages).toEqual([]);
    await clock.pass(2_000);
    expect(group.messages).toEqual([['opened gate/a']]);
  });
});

describe('what is kept quiet', () => {
  const work = { campus: 'school', gateway: 'gate', devices: null, reason: 'r', by: '王' };
  const declare = () => {
    const from = Math.round(clock.wall());
    return attention.declare({ ...work, from, until: from + hour }, ['gate']);
  };

  it('by maintenance is not told, and never was when it ends in that time', async () => {
    const group = new Group();
    await start({}, group);
    await declare();
    await raise(offline('a'));
    await clock.pass(10 * minute);
    await end(offline('a'));
    await clock.pass(2 * hour);
    expect(group.messages).toEqual([]);
  });

  it('by maintenance is told when that ends and it lasts', async () => {
    const group = new Group();
    await start({}, group);
    await declare();
    await raise(offline('a'));
    await clock.pass(hour - minute);
    expect(group.messages).toEqual([]);
    await clock.pass(2 * minute);
    expect(group.messages).toEqual([['opened gate/a']]);
  });

  it('by maintenance is told at once when a person ends that', async () => {
    const group = new Group();
    await start({}, group);
    const window = await declare();
    await raise(offline('a'));
    await clock.pass(minute);
    expect(group.messages).toEqual([]);
    await attention.endMaintenance(window, '王', ['gate']);
    await clock.pass(0);
    expect(group.messages).toEqual([['opened gate/a']]);
  });

  it('is never an alarm', async () => {
    const group = new Group();
    await start({}, group);
    await declare();
    await raise(undelivered(1));
    expect(group.messages).toEqual([['opened gate.0011.alarm.1']]);
  });

  it('by a silence is not told when it comes again, and another alert is', async () => {
    const group = new Group();
    await start({}, group);
    await raise(offline('a'));
    const until = Math.round(clock.wall()) + hour;
    await attention.silence(offline('a'), { until, reason: 'known', by: '王' });
    await end(offline('a'));
    await clock.pass(minute);
    await raise(offline('a'));
    await raise(offline('b'));
    await clock.pass(minute);
    expect(group.messages.flat()).toEqual(['opened gate/a', 'closed gate/a', 'opened gate/b']);
  });
});

describe('an alert that nobody acknowledges', () => {
  const escalation = {
    steps: [
      { after_min: 5, channels: ['chief'] },
      { after_min: 15, channels: ['city'] },
    ],
    repeat_min: 30,
    at_most: 2,
  };
  const rules = [{ channels: ['duty'] }, { channels: ['chief', 'city'], codes: ['overloaded'] }];
  const groups = () => [new Group('duty'), new Group('chief'), new Group('city')] as const;

  it('goes step by step to others, the last step again within bounds, and each hears of its end', async () => {
    const [duty, chief, city] = groups();
    await start({ rules, escalation }, duty, chief, city);
    await raise(offline('a'));
    await clock.pass(5 * minute - 1);
    expect(chief.messages).toEqual([]);
    await clock.pass(2_000);
    expect(chief.messages).toEqual([['escalated gate/a']]);
    await clock.pass(10 * minute);
    expect(city.messages).toEqual([['escalated gate/a']]);
    await clock.pass(5 * hour);
    expect(city.messages).toHaveLength(3);
    await end(offline('a'));
    await clock.pass(minute);
    expect([duty, chief, city].map((group) => group.messages.at(-1))).toEqual([
      ['closed gate/a'],
      ['closed gate/a'],
      ['closed gate/a'],
    ]);
  });

  it('goes no further once somebody does', async () => {
    const [duty, chief, city] = groups();
    await start({ rules, escalation }, duty, chief, city);
    await raise(offline('a'));
    await clock.pass(6 * minute);
    await attention.acknowledge(1, '王', null);
    await clock.pass(5 * hour);
    expect([chief.messages.length, city.messages.length]).toEqual([1, 0]);
  });

  it('does not climb while it is under maintenance, nor when it is a warning', async () => {
    const [duty, chief, city] = groups();
    await start({ rules, escalation }, duty, chief, city);
    const from = Math.round(clock.wall());
    const work = { campus: 'school', gateway: 'gate', devices: null, reason: 'r', by: '王' };
    await attention.declare({ ...work, from, until: from + hour }, ['gate']);
    await raise(offline('a'));
    await raise({ ...offline('w'), severity: 'warning', subject: 'lodge/w' });
    await clock.pass(hour - minute);
    expect(chief.messages).toEqual([]);
    await clock.pass(2 * minute);
    expect(chief.messages).toEqual([['escalated gate/a']]);
  });

  it('goes on from its step after a restart, also where the wall clock was set back meanwhile', async () => {
    const [duty, chief, city] = groups();
    await start({ rules, escalation }, duty, chief, city);
    await raise(offline('a'));
    await clock.pass(6 * minute);
    stopWatching();
    await Promise.all(notifiers.map((notifier) => notifier.stop()));
    clock.wallAt -= 24 * hour;
    await start({ rules, escalation }, duty, chief, city);
    await clock.pass(15 * minute + 2_000);
    expect([chief.messages.length, city.messages.length]).toEqual([1, 1]);
  });
});
