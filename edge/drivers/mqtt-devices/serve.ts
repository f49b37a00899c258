import type { BrokerLogin, Listener, LoginNews } from '#platform/ports.ts';
import { backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import { grantsOf } from '#protocols/mqtt-mappings/mapping.ts';
import type { DriverContext, DriverRun } from '../../driver.ts';
import type { MqttDevice, Watch } from '../mqtt-devices.ts';
import { pause } from '../pause.ts';
import { words } from './words.ts';

/** How long a device may take to sign in after our own start, before it is told as missing, ms. */
const graceMs = 60_000;

/** What a login can be told to do wrong, until it signs in anew. */
const misuses = ['password', 'foreign', 'flood'] as const;

/** What is wrong with the logins of devices at the edge's own broker, by the device's place in the line. */
export function loginMistakes(devices: readonly MqttDevice[]): Map<number, string[]> {
  const users = new Map<string, MqttDevice>();
  const systems = new Map<string, MqttDevice>();
  return new Map(
    devices.map((device, i) => {
      const { username, password, password_hash, mapping } = device;
      const problems: string[] = [];
      if (password !== undefined) {
        problems.push('at local: write password_hash, not the password (`belfry credential` prints one)');
      }
      if (username === undefined || password_hash === undefined) {
        problems.push('at local: it needs username and password_hash: `belfry credential` makes them');
        return [i, problems];
      }
      const same = users.get(username);
      if (same && same.password_hash !== password_hash) {
        problems.push(`${username} has another password_hash at ${same.id}`);
      }
      if (same && (same.mapping.mapping !== mapping.mapping || mapping.login.of === 'device')) {
        problems.push(`${username} is the login of ${same.id} already: each device signs in by itself`);
      }
      users.set(username, same ?? device);
      if (mapping.login.of === 'system') {
        const other = systems.get(mapping.mapping);
        if (other && other.username !== username) {
          problems.push(
            `${mapping.mapping} signs in once for all of its devices: ${other.id} has another login`,
          );
        }
        systems.set(mapping.mapping, other ?? device);
      }
      return [i, problems];
    }),
  );
}

/** Devices that connect to the edge's own broker: who they are, what they may say, and what their login tells of them. */
export function serveDevices(
  context: DriverContext,
  devices: readonly MqttDevice[],
  watches: readonly Watch[],
  take: (topic: string, payload: Uint8Array, retained: boolean, of: readonly Watch[]) => void,
): DriverRun {
  const { clock, log, serveBroker } = context;
  if (!serveBroker) throw new Error('the file has no local_broker, or this world has none');
  const ending = new AbortController();
  const stop = AbortSignal.any([context.stop, ending.signal]);
  const pace = backoff({ firstMs: 1000, maxMs: 30_000 }, context.random);
  const members = Map.groupBy(devices.keys(), (i) => devices[i]!.username!);
  const watchesOf = (username: string) => (members.get(username) ?? []).map((i) => watches[i]!);
  const away = new Set(members.keys());
  const refused = new Set<string>();

  const logins = [...members].map(([username, [...places]]): BrokerLogin => {
    const grants = places.map((i) => grantsOf(devices[i]!.mapping, devices[i]!.name));
    return {
      username,
      passwordHash: devices[places[0]!]!.password_hash!,
      publish: [...new Set(grants.flatMap((g) => g.publish))],
      subscribe: [...new Set(grants.flatMap((g) => g.subscribe))],
    };
  });

  function onNews(username: string, news: LoginNews): void {
    const all = watchesOf(username);
    switch (news.kind) {
      case 'signed-in':
        away.delete(username);
        refused.delete(username);
        for (const watch of all) {
          for (const misuse of misuses) watch.complain(misuse, null);
          watch.offline(null);
        }
        break;
      case 'gone':
        away.add(username);
        log.info('a device has left the broker', { username, reason: news.reason });
        for (const watch of all) watch.offline(words.signedOff);
        break;
      case 'wrong-password':
        log.warn('a wrong password', { username, from: news.from });
        refused.add(username);
        for (const watch of all) {
          watch.complain('password', words.wrongPassword(username, news.from));
          // Why it is not connected is told by that.
          if (away.has(username)) watch.offline(null);
        }
        break;
      case 'foreign-topic':
        for (const watch of all) watch.complain('foreign', words.foreignTopic(news.topic.slice(0, 120)));
        break;
      case 'flood':
        for (const watch of all) watch.complain('flood', words.flood(news.perSecond));
    }
  }

  async function listen(serve: NonNullable<typeof serveBroker>): Promise<Listener | null> {
    while (!stop.aborted) {
      try {
        const listener = await serve({
          logins,
          onMessage: (username, topic, payload) => take(topic, payload, false, watchesOf(username)),
          onNews,
        });
        log.info('devices can sign in', { port: listener.port });
        context.line(true);
        clock.after(graceMs, () => {
          const missing = [...away].filter((username) => !refused.has(username));
          for (const watch of missing.flatMap(watchesOf)) watch.offline(words.signedOff);
        });
        return listener;
      } catch (error) {
        context.line(false, reasonOf(error));
        for (const watch of watches) watch.offline(words.notListening(reasonOf(error)));
        await pause(clock, pace.next(), stop);
      }
    }
    return null;
  }

  const listening = listen(serveBroker);
  listening.catch(context.crashed);
  return {
    async close() {
      ending.abort();
      await (await listening.catch(() => null))?.close();
    },
  };
}
