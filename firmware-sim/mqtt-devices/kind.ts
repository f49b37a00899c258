import { z } from 'zod';
import { hashOf } from '#platform/credential.ts';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind, type SimulatedPart } from '../kind.ts';
import { chirpstack } from './chirpstack.ts';
import { Connection } from './connection.ts';
import { gestures, type MqttDevice, mqttKinds, type MqttSystem, type Said } from './system.ts';
import { tasmota } from './tasmota.ts';
import { zigbee2mqtt } from './zigbee2mqtt.ts';

const systems = { zigbee2mqtt, tasmota, chirpstack };

const behaviourSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('good') }),
  z.strictObject({ kind: z.literal('out-of-reach') }).describe('its radio is not heard'),
  z.strictObject({ kind: z.literal('repeats'), times: z.int().min(2).max(20) }),
  z.strictObject({ kind: z.literal('garbage') }).describe('bytes that are no JSON'),
  z.strictObject({ kind: z.literal('odd-values') }).describe('words that no document names'),
]);
type Behaviour = z.infer<typeof behaviourSchema>;

interface Member {
  device: MqttDevice;
  behaviour: Behaviour;
  /** Messages so far. */
  count: number;
  connection(): Connection | null;
}

/** Devices that speak MQTT themselves: a Zigbee2MQTT bridge, Tasmota devices, a LoRaWAN server, as clients of a broker. */
export const mqttDevices = simulatorKind({
  entry: z.strictObject({
    id,
    system: z.enum(['zigbee2mqtt', 'tasmota', 'chirpstack']),
    broker: z
      .string()
      .regex(/^[^:/]+:\d+$/, 'write host:port')
      .describe('host:port of the broker that they connect to'),
    at: z
      .enum(['campus', 'gateway'])
      .default('campus')
      .describe("a broker on the campus, or the gateway's own, which wants logins"),
    username: z
      .string()
      .optional()
      .describe('without it, at a gateway, the id; Tasmota: the name of each device'),
    password: z.string().optional().describe('a gateway wants one'),
    heartbeat_s: z.number().positive().default(60).describe('seconds between two signs of life'),
    devices: z
      .array(
        z.strictObject({
          id,
          name: z
            .string()
            .regex(/^[^+#\0]{1,128}$/)
            .describe('friendly name, Tasmota topic, DevEUI'),
          kind: z.enum(mqttKinds),
        }),
      )
      .min(1),
  }),
  group: 'mqtt_devices',
  description: z.object({ address: z.string(), system: z.string() }),
  async start(bench, entry) {
    const system: MqttSystem = systems[entry.system];
    const url = `mqtt://${entry.broker}`;
    const atGateway = entry.at === 'gateway';
    if (atGateway && entry.password === undefined)
      throw new Error(`${entry.id}: the broker of a gateway wants a password`);
    const members = entry.devices.map((device): Member => ({
      device: { ...device, battery: 100, up: false },
      behaviour: { kind: 'good' },
      count: 0,
      connection: () => connections.get(connectionOf(device.id)) ?? null,
    }));
    const connectionOf = (device: string) => (system.connection === 'bridge' ? entry.id : device);
    const loginOf = ({ name }: { name: string }) =>
      entry.username ?? (atGateway ? (system.connection === 'bridge' ? entry.id : name) : undefined);
    const connections = new Map<string, Connection>();

    function connect(): void {
      for (const [key, own] of Map.groupBy(members, ({ device }) => connectionOf(device.id))) {
        if (connections.has(key)) continue;
        const { device } = own[0]!;
        const login = {
          clientId: `sim-${key}`,
          username: loginOf(device),
          password: entry.password,
        };
        const devices = own.map((member) => member.device);
        const born = () => {
          for (const member of own) {
            if (member.behaviour.kind === 'out-of-reach') continue;
            for (const said of system.birth(member.device, devices)) connections.get(key)?.say(said);
            speak(member, (now) => system.alive(member.device, now));
          }
        };
        connections.set(key, new Connection(url, login, system.will(device), born));
      }
    }

    async function disconnect(how: 'orderly' | 'crash'): Promise<void> {
      const ending = [...connections];
      connections.clear();
      await Promise.all(
        ending.map(([key, connection]) => {
          const { device } = members.find((member) => connectionOf(member.device.id) === key)!;
          return how === 'crash' ? connection.end('crash') : connection.bye(system.will(device), bench.clock);
        }),
      );
    }

    function speak(member: Member, words: (now: { wall: number; count: number }) => Said[]): void {
      const { behaviour } = member;
      if (behaviour.kind === 'out-of-reach') return;
      member.count += 1;
      const said = words({ wall: bench.clock.wall(), count: member.count });
      const times = behaviour.kind === 'repeats' ? behaviour.times : 1;
      for (let i = 0; i < times; i++) for (const message of said) say(member, message);
    }

    function say({ behaviour, connection }: Member, said: Said): void {
      if (behaviour.kind === 'garbage')
        return connection()?.raw(said.topic, Buffer.from(bench.random.bytes(64)), false);
      connection()?.say(behaviour.kind === 'odd-values' ? { ...said, body: odd(said.body) } : said);
    }

    let cancelBeat = () => {};
    const beat = () => {
      cancelBeat = bench.clock.after(entry.heartbeat_s * 1000, beat);
      for (const member of members) speak(member, (now) => system.alive(member.device, now));
    };
    connect();
    beat();

    const passwordHash = atGateway ? await hashOf(entry.password!, bench.random.bytes(16)) : null;
    const wiringOf = ({ name, kind }: MqttDevice) => ({
      driver: 'mqtt-devices',
      address: atGateway ? 'local:' : url,
      mapping: entry.system,
      name,
      kind,
      ...(passwordHash !== null
        ? { username: loginOf({ name }), password_hash: passwordHash }
        : entry.username !== undefined && { username: entry.username, password: entry.password }),
    });
    const description = { address: url, system: entry.system };
    return {
      async close() {
        cancelBeat();
        await disconnect('orderly');
      },
      parts: [
        {
          id: entry.id,
          description,
          wiring: null,
          state: () => ({
            connections: Object.fromEntries(
              [...connections].map(([key, { reason }]) => [key, reason ?? 'connected']),
            ),
          }),
          acts: {
            connect: act(z.strictObject({}), connect),
            disconnect: act(
              z.strictObject({
                how: z
                  .enum(['orderly', 'crash'])
                  .default('crash')
                  .describe('crash: the broker says the will'),
              }),
              ({ how }) => disconnect(how),
            ),
          },
        },
        ...members.map(partOf),
      ],
    };

    function partOf(member: Member): SimulatedPart<{ address: string; system: string }> {
      const { device } = member;
      return {
        id: device.id,
        description,
        wiring: wiringOf(device),
        state: () => ({
          battery: device.battery,
          up: device.up,
          said: member.count,
          behaviour: member.behaviour,
        }),
        acts: {
          press: act(z.strictObject({ gesture: z.enum(gestures).default('short') }), ({ gesture }) => {
            if (device.kind !== 'button') throw new Error(`${device.id} is no button`);
            speak(member, (now) => system.pressed(device, gesture, now));
          }),
          set: act(
            z.strictObject({ up: z.boolean().describe('smoke or water is there, the gate is open') }),
            ({ up }) => {
              if (device.kind === 'button') throw new Error(`${device.id} is a button`);
              device.up = up;
              speak(member, (now) => system.changed(device, now));
            },
          ),
          power: act(z.strictObject({ battery: z.int().min(0).max(100) }), ({ battery }) => {
            device.battery = battery;
            speak(member, (now) => system.alive(device, now));
          }),
          behave: act(behaviourSchema, (wanted) => {
            const reached = (of: Behaviour) => of.kind !== 'out-of-reach';
            const turned = reached(wanted) !== reached(member.behaviour);
            member.behaviour = wanted;
            const said = turned ? system.reach(device, reached(wanted)) : null;
            if (said) member.connection()?.say(said);
          }),
        },
      };
    }
  },
});

/** The same fields with values that no document names. */
function odd(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return 'perhaps';
  if (Array.isArray(body)) return body.map(odd);
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, odd(value)]));
}
