import { z } from 'zod';
import { find, type Found, readMessage } from '#protocols/mqtt-mappings/message.ts';
import { covers } from '#protocols/mqtt-mappings/filter.ts';
import { mqttMapping, readingsOf } from '#protocols/mqtt-mappings/mapping.ts';
import { deviceKind } from '#protocols/messages/state.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { deviceBase } from '../config.ts';
import { credentialForm } from '#platform/credential.ts';
import type { Driver, DriverContext, DriverRun, Line } from '../driver.ts';
import { loginMistakes, serveDevices } from './mqtt-devices/serve.ts';
import { words } from './mqtt-devices/words.ts';

const mqttDevice = deviceBase
  .extend({
    driver: z.literal('mqtt-devices'),
    mapping: mqttMapping,
    /** What the other system calls it: friendly name, Tasmota topic, DevEUI. */
    name: z.string().regex(/^[^+#\0]{1,128}$/, 'use the name in the other system, without + and #'),
    kind: deviceKind,
    username: z.string().optional(),
    /** Of a broker on the campus. */
    password: z.string().optional(),
    /** At local: what `belfry credential` printed. */
    password_hash: z.string().regex(credentialForm, 'write what `belfry credential` printed').optional(),
    /** A button that is pressed again within so many milliseconds was pressed once: radio repeats. */
    debounce_ms: z.int().min(0).max(60_000).default(1500),
    sounder: z.enum(['audible', 'silent']).default('audible'),
    /** Battery sensors speak a few times a day. */
    heartbeat_s: deviceBase.shape.heartbeat_s.unwrap().default(14_400),
  })
  .superRefine(({ mapping, kind }, context) => {
    const kinds = new Set(mapping.topics.flatMap((topic) => Object.keys(topic.kinds)));
    if (!kinds.has(kind)) {
      const message = `${mapping.mapping} has no ${kind}; it has: ${[...kinds].join(', ')}`;
      context.addIssue({ code: 'custom', path: ['kind'], message });
    }
  });
export type MqttDevice = z.infer<typeof mqttDevice>;

/**
 * Devices that speak MQTT themselves, on a broker of the campus or (at `local:`) on the edge's own, each by the mapping
 * file of its system.
 */
export const mqttDevicesDriver: Driver<MqttDevice> = {
  name: 'mqtt-devices',
  wires: ['mqtt', 'local'],
  device: mqttDevice,
  describe: ({ mapping, kind }) => ({
    kind,
    alarms: mapping.topics.some((topic) =>
      readingsOf(topic, kind).some(({ is }) => is === 'level' || is === 'action'),
    ),
    acts: [],
  }),
  configure(line) {
    const atHome = line.address.kind === 'local';
    const [first] = line.devices;
    const seen = new Map<string, string>();
    const mistakes = atHome ? loginMistakes(line.devices) : new Map<number, string[]>();
    return line.devices.flatMap((device, i) => {
      const problems = mistakes.get(i) ?? [];
      if (!atHome) {
        if (device.username !== first!.username || device.password !== first!.password) {
          problems.push(`all devices of one broker share one login: ${first!.id} has another`);
        }
        if (device.password_hash !== undefined) {
          problems.push('password_hash is for local:; a broker elsewhere is given the password');
        }
      }
      const key = `${device.mapping.mapping} ${device.name}`;
      if (seen.has(key))
        problems.push(`"${device.name}" of ${device.mapping.mapping} is ${seen.get(key)} already`);
      seen.set(key, device.id);
      return problems.map((problem) => ({ device: i, problem }));
    });
  },
  start,
};

function start(context: DriverContext, line: Line<MqttDevice>): DriverRun {
  const watches = line.devices.map((device) => watchDevice(context, device));
  const take = (topic: string, payload: Uint8Array, retained: boolean, of: readonly Watch[] = watches) => {
    const at = context.clock.monotonic();
    for (const watch of of) watch.take(topic, payload, retained, at);
  };
  if (line.address.kind === 'local') return serveDevices(context, line.devices, watches, take);
  if (line.address.kind !== 'mqtt') throw new Error('mqtt-devices is behind a broker');
  if (!context.brokerAt) throw new Error('there are no brokers of devices in this world');
  const url = new URL(line.address.url);
  const { username, password } = line.devices[0]!;
  if (username !== undefined) url.username = encodeURIComponent(username);
  if (password !== undefined) url.password = encodeURIComponent(password);

  const filters = new Set(
    watches.flatMap(({ topics, bridge }) => [...topics.map((t) => t.filter), ...(bridge ?? [])]),
  );
  const link = context.brokerAt(url.href).connect({
    clientId: `belfry-${Buffer.from(context.random.bytes(6)).toString('hex')}`,
    subscribe: [...filters],
    onUp: () => context.line(true),
    onDown: (reason) => context.line(false, reason),
    onMessage: (topic, payload, retained = false) => take(topic, payload, retained),
  });
  return { close: () => link.close('withheld') };
}

export type Watch = ReturnType<typeof watchDevice>;

function watchDevice(context: DriverContext, device: MqttDevice) {
  const { id, mapping, name, kind } = device;
  const topics = mapping.topics.map((topic) => ({
    ...topic,
    filter: topic.topic.replaceAll('{name}', name),
    readings: readingsOf(topic, kind),
  }));
  /** What is wrong with it, by where it was said: a good message on one topic heals no other. */
  const wrong = new Map<string, Bilingual>();
  let bridgeDown = false;
  let away = false;
  /** At the edge's own broker: not connected. */
  let offline: Bilingual | null = null;
  let lastPress: { type: string; at: number } | null = null;
  let open: boolean | null = null;

  function tell(): void {
    if (offline) context.health(id, { state: 'offline', reason: offline });
    else if (bridgeDown) context.health(id, { state: 'offline', reason: words.bridgeDown(mapping.title) });
    else if (away) context.health(id, { state: 'offline', reason: words.away(mapping.title) });
    else if (wrong.size === 0) context.health(id, { state: 'good' });
    else {
      const all = [...wrong.values()];
      const reason = { zh: all.map((w) => w.zh).join(' '), en: all.map((w) => w.en).join(' ') };
      context.health(id, { state: 'fault', reason });
    }
  }

  function set(where: string, sentence: Bilingual | null): void {
    if (sentence === null) wrong.delete(where);
    else wrong.set(where, sentence);
  }

  function act(found: Found, where: string, retained: boolean, at: number): void {
    switch (found.kind) {
      case 'level':
        context.level(id, found.raises, found.up, at);
        break;
      case 'contact':
        if (open !== null && open !== found.open)
          context.record(id, found.open ? 'opened' : 'closed', {}, at);
        open = found.open;
        break;
      case 'measure':
        context.measure(id, found.name, found.value, found.unit);
        set(`${found.name} low`, found.low ? words.low(found.name, found.value, found.unit) : null);
        break;
      case 'availability':
        away = !found.online;
        break;
      case 'action':
        // The broker kept it: an old press, which was raised when it was made.
        if (!retained) press(found.type, at);
        break;
      case 'strange':
        set(where, words.strange(found.field, found.value));
        break;
      case 'absent':
    }
  }

  function press(type: 'press' | 'long-press', at: number): void {
    const repeated = lastPress?.type === type && at - lastPress.at < device.debounce_ms;
    if (repeated) return;
    lastPress = { type, at };
    const silent = device.sounder === 'silent';
    const times = { ageMs: 0, firstByteAt: at, decodedAt: context.clock.monotonic() };
    context.event({ device: id, type, mode: 'real', origin: null, silent, ...times }).catch(context.crashed);
  }

  return {
    topics,
    bridge: mapping.bridge && [mapping.bridge.topic],
    /** Why it cannot be heard at all, or null. */
    offline(reason: Bilingual | null): void {
      offline = reason;
      tell();
    },
    /** What is wrong with how it uses its login, or null. */
    complain(where: string, sentence: Bilingual | null): void {
      set(where, sentence);
      tell();
    },
    take(topic: string, payload: Uint8Array, retained: boolean, at: number): void {
      const { bridge } = mapping;
      if (bridge !== undefined && covers(bridge.topic, topic)) {
        const message = readMessage(payload, bridge.payload);
        const found = message.ok ? find({ is: 'availability', ...bridge }, message.body) : null;
        if (found?.kind !== 'availability') return;
        bridgeDown = !found.online;
        tell();
        return;
      }
      for (const { filter, payload: format, readings } of topics) {
        if (!covers(filter, topic)) continue;
        const message = readMessage(payload, format);
        set(filter, message.ok ? null : words.unreadable[message.problem]);
        if (message.ok) {
          const all = readings.map((reading) => find(reading, message.body));
          for (const found of all) act(found, filter, retained, at);
          const says = readings.some(({ is }) => is === 'availability') ? !away : true;
          // What the broker kept from earlier proves nothing of now.
          if (says && !retained) {
            away = false;
            context.heard(id);
          }
        }
        tell();
      }
    },
  };
}
