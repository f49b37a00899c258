import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlerts } from '#cloud/alerts/alerts.ts';
import { alertReader } from '#cloud/alerts/reading.ts';
import type { Alerts } from '#cloud/alerts/alerts.ts';
import { createFeed } from '#cloud/feed.ts';
import type { Channel, Notice, Told } from '#cloud/notify/channel.ts';
import { givenUpAfterMs, Notifier } from '#cloud/notify/notifier.ts';
import type { Rule } from '#cloud/notify/config.ts';
import { routeOf } from '#cloud/notify/routing.ts';
import { webhookChannel } from '#cloud/notify/webhook.ts';
import { signatureOf } from '#protocols/standard-webhooks.ts';
import { eventsKept, openStore } from '#cloud/store/store.ts';
import type { Store } from '#cloud/store/store.ts';
import { realHttp } from '#platform/real/http.ts';
import type { ApiAlert } from '#protocols/api.ts';
import { HandClock, MemoryDatabases, quiet, seeded } from './fake-ports.ts';

let clock: HandClock;
let databases: MemoryDatabases;
let store: Store;
let alerts: Alerts;
let stop: () => Promise<void>;
let rules: Rule[];

beforeEach(() => {
  clock = new HandClock();
  databases = new MemoryDatabases();
  stop = async () => {};
  rules = [];
});
afterEach(() => stop());

/** A channel that writes down what it was told, and fails as often as `fails` says. */
class Receiver implements Channel {
  readonly kind = 'webhook';
  readonly language = 'both';
  readonly perMinute = null;
  readonly most = 1;
  readonly id: string;
  heard: string[] = [];
  ids: string[] = [];
  tries = 0;
  fails = 0;
  stuck = false;
  constructor(id = 'duty') {
    this.id = id;
  }
  try = async () => 'tried';
  tell = async ([notice]: readonly Notice[]): Promise<Told> => {
    const { id, event, alert } = notice!;
    this.tries += 1;
    this.ids.push(id);
    if (this.stuck) return new Promise(() => {});
    if (this.fails > 0) {
      this.fails -= 1;
      throw new Error('no answer');
    }
    this.heard.push(`${event} ${alert.subject}`);
    return { count: 1, answer: 'heard' };
  };
}

async function start(...receivers: Receiver[]) {
  store = await openStore({ clock, random: seeded(), databases });
  alerts = await createAlerts({ clock, random: seeded(), log: quiet, store });
  const parts = {
    clock,
    random: seeded(),
    log: quiet,
    store,
    feed: createFeed(store),
    read: alertReader({ clock, store, campusOf: () => 'school' }),
    route: (alert: ApiAlert, channel: Channel, now: number) =>
      routeOf(alert, channel, rules, now, 'Asia/Shanghai'),
  };
  const notifiers = receivers.map((receiver) => new Notifier(parts, receiver));
  for (const notifier of notifiers) notifier.start();
  stop = async () => void (await Promise.all(notifiers.map((notifier) => notifier.stop())));
  await clock.pass(0);
}

const raise = async (subject: string) => {
  await alerts.raise({
    code: 'gateway-offline',
    severity: 'critical',
    subject,
    text: { zh: '断', en: 'cut' },
  });
  await clock.pass(0);
};
const clear = async (subject: string) => {
  await alerts.clear('gateway-offline', subject);
  await clock.pass(0);
};

describe('a channel', () => {
  it('is told once that an alert opened and once that it closed', async () => {
    const duty = new Receiver();
    await start(duty);
    await raise('a');
    await raise('a');
    await clear('a');
    await clock.pass(3_600_000);
    expect(duty.heard).toEqual(['opened a', 'closed a']);
    await raise('a');
    expect(duty.heard).toEqual(['opened a', 'closed a', 'opened a']);
  });

  it('that does not answer is told again, less and less often, under the same id', async () => {
    const duty = new Receiver();
    await start(duty);
    duty.fails = 12;
    await raise('a');
    await clock.pass(20_000);
    expect(duty.tries).toBeGreaterThan(3);
    expect(duty.tries).toBeLessThan(14);
    await clock.pass(3 * 3_600_000);
    expect(duty.heard).toEqual(['opened a']);
    expect(new Set(duty.ids).size).toBe(1);
  });

  const repeat = async (subject: string) => {
    await alerts.repeat('gateway-offline', subject, { zh: '还断着', en: 'still cut' });
    await clock.pass(0);
  };

  it('is told again of what lasts, each time anew, and not of what is over', async () => {
    const duty = new Receiver();
    await start(duty);
    await repeat('a');
    await raise('a');
    await repeat('a');
    await repeat('a');
    await clear('a');
    await repeat('a');
    await clock.pass(3_600_000);
    expect(duty.heard).toEqual(['opened a', 'repeated a', 'repeated a', 'closed a']);
    expect(new Set(duty.ids).size).toBe(4);
  });

  it('that was away while an alert was told again hears of it once, and of its end', async () => {
    const duty = new Receiver();
    await start(duty);
    duty.fails = 1;
    await raise('a');
    for (let i = 0; i < 20; i++) await repeat('a');
    await clock.pass(60_000);
    expect(duty.heard).toEqual(['opened a']);
    await repeat('a');
    await clear('a');
    await clock.pass(60_000);
    expect(duty.heard).toEqual(['opened a', 'repeated a', 'closed a']);
  });

  it('hears of the closing only after the opening', async () => {
    const duty = new Receiver();
    await start(duty);
    duty.fails = 1;
    await raise('a');
    await clear('a');
    await raise('b');
    expect(duty.heard).toEqual(['opened b']);
    await clock.pass(3_600_000);
    expect(duty.heard.indexOf('opened a')).toBeLessThan(duty.heard.indexOf('closed a'));
    expect(duty.heard.toSorted()).toEqual(['closed a', 'opened a', 'opened b']);
  });

  it('that is stuck delays no other', async () => {
    const slow = new Receiver('slow');
    const quick = new Receiver('quick');
    slow.stuck = true;
    await start(slow, quick);
    await raise('a');
    await raise('b');
    expect(quick.heard).toEqual(['opened a', 'opened b']);
    expect(slow.tries).toBe(1);
    stop = async () => {};
  });

  it('loses nothing and hears nothing twice over a restart of the cloud', async () => {
    const duty = new Receiver();
    await start(duty);
    await raise('heard');
    duty.fails = 1_000;
    await raise('waiting');
    await stop();
    await raise('meanwhile');
    await clear('heard');
    duty.fails = 0;
    await start(duty);
    await clock.pass(3_600_000);
    expect(duty.heard).toEqual(['opened heard', 'opened waiting', 'opened meanwhile', 'closed heard']);
  });

  it('that was away for longer than the feed goes back is told what is open and what has closed', async () => {
    const duty = new Receiver();
    await start(duty);
    await raise('a');
    await stop();
    await clear('a');
    await raise('b');
    await store.commit([
      { sql: 'DELETE FROM events' },
      {
        sql: `INSERT INTO events (id, at, type, subject) VALUES (?, 0, 'gateway', 'g')`,
        params: [eventsKept + 99],
      },
    ]);
    await start(duty);
    expect(duty.heard.toSorted()).toEqual(['closed a', 'opened a', 'opened b']);
  });

  it('that is new is told what is open, and not what is over', async () => {
    await start();
    await raise('over');
    await clear('over');
    await raise('open');
    const duty = new Receiver();
    await start(duty);
    expect(duty.heard).toEqual(['opened open']);
  });

  it('that is gone for three days is given up, and the next alert is told again', async () => {
    const duty = new Receiver();
    await start(duty);
    duty.fails = Number.POSITIVE_INFINITY;
    await raise('a');
    await clock.pass(givenUpAfterMs + 3_600_000);
    duty.fails = 0;
    await clock.pass(3_600_000);
    expect(duty.heard).toEqual([]);
    await raise('b');
    expect(duty.heard).toEqual(['opened b']);
  });

  it('is told when the disk, which was full, has room again', async () => {
    const duty = new Receiver();
    await start(duty);
    await raise('a');
    databases.fail = new Error('disk full');
    await alerts.raise({
      code: 'alarm-late',
      severity: 'critical',
      subject: 'b',
      text: { zh: '晚', en: 'late' },
    });
    databases.fail = null;
    await alerts.raise({
      code: 'alarm-late',
      severity: 'critical',
      subject: 'b',
      text: { zh: '晚', en: 'late' },
    });
    await clock.pass(60_000);
    expect(duty.heard).toEqual(['opened a', 'opened b']);
  });
});

describe('a webhook', () => {
  const alert: ApiAlert = {
    id: 17,
    code: 'gateway-offline',
    severity: 'critical',
    subject: 'gate',
    campus: null,
    gateway: null,
    device: null,
    state: 'open',
    escalated: 0,
    acknowledged: null,
    silenced: null,
    maintenance: null,
    mode: null,
    repeats: 0,
    text: { zh: '断', en: 'cut' },
    opened_at: Date.UTC(2026, 8, 1, 8),
    closed_at: null,
  };

  async function serve(status: number) {
    const seen: { headers: Record<string, unknown>; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        response.writeHead(status, { location: '/elsewhere' }).end('because');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const call = () =>
      webhookChannel(
        { id: 'duty', url, secret: 'a secret' },
        { http: realHttp, clock: Object.assign(new HandClock(), { wall: () => 5_000_999 }) },
      ).tell([{ id: 'm1', event: 'opened', alert, language: 'both' }]);
    await call()
      .finally(() => server.close())
      .catch((error: Error) => seen.push({ headers: {}, body: error.message }));
    return seen;
  }

  it('gets the alert, signed over id, time and body', async () => {
    const [seen] = await serve(204);
    expect(JSON.parse(seen!.body)).toEqual({
      type: 'alert.opened',
      timestamp: '2026-09-01T08:00:00.000Z',
      data: alert,
    });
    const expected = createHmac('sha256', 'a secret').update(`m1.5000.${seen!.body}`).digest('base64');
    expect(seen!.headers).toMatchObject({
      'webhook-id': 'm1',
      'webhook-timestamp': '5000',
      'webhook-signature': `v1,${expected}`,
    });
  });

  it.each([500, 404, 302])('that answers %i has not heard it', async (status) => {
    expect((await serve(status))[1]?.body).toBe(`it answered ${status}: because`);
  });

  it('signs as the published example of Standard Webhooks does', () => {
    expect(
      signatureOf(
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        1_614_265_330,
        '{"test": 2432232314}',
      ),
    ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
});
