import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '#edge/drivers/address.ts';
import { mqttDevicesDriver } from '#edge/drivers/mqtt-devices.ts';
import { findMapping } from '#platform/mqtt-mappings.ts';
import type { Listener } from '#platform/ports.ts';
import { realBrokers } from '#platform/real/broker.ts';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { recorder } from '../edge/drivers/recorder.ts';
import { mosquitto } from '../platform/brokers.ts';
import { have, until } from '../platform/pty.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const log = realLog({ level: 'silent', format: 'line' });
const devEui = (n: number) => `24e124535b31600${n}`;
const names = {
  zigbee2mqtt: (id: string) => `Hall/${id}`,
  tasmota: (id: string) => id,
  chirpstack: (_id: string, i: number) => devEui(i),
};
type System = keyof typeof names;

/** One of each kind that this system has, played and driven. */
async function campus(system: System, broker: string, at: 'campus' | 'gateway') {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-mqtt-sim-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const simulator = await startSimulator(
    { clock: realClock, random: realRandomness, listen: realListening, log },
    simulatorConfig.parse({
      mqtt_devices: [
        {
          id: 'school',
          system,
          broker,
          at,
          ...(at === 'gateway' && { password: 'of-the-school' }),
          devices: (['button', 'smoke', 'water', 'gate'] as const).map((kind, i) => ({
            id: kind,
            name: names[system](kind, i),
            kind,
          })),
        },
      ],
    }),
    { folder, describeIn: join(folder, 'sim.json') },
  );
  cleanups.push(() => simulator.close());
  const devices = simulator.hardware.mqtt_devices
    .filter(({ wiring }) => wiring !== null)
    .map(({ id, wiring }, i) =>
      mqttDevicesDriver.device.parse({ id, zone: i + 1, ...wiring, mapping: findMapping(system, '.') }),
    );
  const act = (part: string, name: string, input: unknown = {}) =>
    simulator.parts.get('mqtt_devices')!.get(part)!.acts[name]!.run(input);
  return { simulator, devices, act };
}

/** What each device says is understood, and what it says wrongly is a fault of its own. */
async function lives(told: ReturnType<typeof recorder>, act: Awaited<ReturnType<typeof campus>>['act']) {
  for (const id of ['button', 'smoke', 'water', 'gate']) {
    await until(`${id} is heard`, () => told.heardCount(id) > 0);
  }
  await act('button', 'press');
  await act('button', 'press', { gesture: 'long' });
  await until('both presses are in', () => told.events.length === 2);
  expect(told.events).toMatchObject([
    { device: 'button', type: 'press', mode: 'real' },
    { device: 'button', type: 'long-press', mode: 'real' },
  ]);
  for (const id of ['smoke', 'water']) {
    await act(id, 'set', { up: true });
    await until(`${id} is up`, () => told.levelsOf(id).at(-1) === true);
    await act(id, 'set', { up: false });
    await until(`${id} is down`, () => told.levelsOf(id).at(-1) === false);
  }
  await act('gate', 'set', { up: true });
  await until('the gate has opened', () => told.records.some(({ device }) => device === 'gate'));
  await act('smoke', 'behave', { kind: 'garbage' });
  await act('smoke', 'set', { up: true });
  await until('nonsense is a fault', () => told.healthOf('smoke').startsWith('fault'));
  await act('water', 'behave', { kind: 'odd-values' });
  await act('water', 'set', { up: true });
  await until('an unknown word is a fault', () => told.healthOf('water').startsWith('fault'));
  expect(told.healthOf('gate')).toBe('good');
  expect(told.levelsOf('water').at(-1)).toBe(false);
  for (const id of ['smoke', 'water']) {
    await act(id, 'behave', { kind: 'good' });
    await act(id, 'set', { up: true });
    await until(`${id} is understood again`, () => told.levelsOf(id).at(-1) === true);
  }
  expect(told.crashes).toEqual([]);
}

const systems: System[] = ['zigbee2mqtt', 'tasmota', 'chirpstack'];

describe.skipIf(!have('mosquitto'))('played on a broker of the campus', () => {
  const onCampus = async (system: System) => {
    const broker = await mosquitto();
    cleanups.push(() => broker.remove());
    const played = await campus(system, new URL(broker.url).host, 'campus');
    const parsed = parseAddress(broker.url);
    if (!parsed.ok) throw new Error(parsed.problem);
    const line = { address: parsed.address, devices: played.devices };
    expect(mqttDevicesDriver.configure(line)).toEqual([]);
    const told = recorder();
    const run = mqttDevicesDriver.start(told.context, line);
    cleanups.push(() => run.close());
    await until('the broker is there', () => told.lines.at(-1)?.open === true);
    // Whatever they said before somebody listened, they say anew when they connect.
    await played.act('school', 'disconnect', { how: 'orderly' });
    await played.act('school', 'connect');
    return { told, ...played };
  };

  it.each(systems)('%s: presses, levels, a gate and nonsense', async (system) => {
    const { told, act } = await onCampus(system);
    await lives(told, act);
  });

  it.each(['zigbee2mqtt', 'tasmota'] as const)('%s that crashes is gone, and comes back', async (system) => {
    const { told, act } = await onCampus(system);
    await until('it is there', () => told.healthOf('smoke') === 'good' && told.heardCount('smoke') > 0);
    await act('school', 'disconnect', { how: 'crash' });
    await until('it is gone', () => told.healthOf('smoke').startsWith('offline'));
    await act('school', 'connect');
    await until('it is back', () => told.healthOf('smoke') === 'good');
  });

  it('zigbee2mqtt: a device out of reach of its radio is gone, its neighbour is not', async () => {
    const { told, act } = await onCampus('zigbee2mqtt');
    await until('all are there', () => told.heardCount('smoke') > 0 && told.heardCount('gate') > 0);
    await act('smoke', 'behave', { kind: 'out-of-reach' });
    await until('it is gone', () => told.healthOf('smoke').startsWith('offline'));
    expect(told.healthOf('gate')).toBe('good');
    await act('smoke', 'set', { up: true });
    expect(told.levelsOf('smoke')).not.toContain(true);
  });

  it('a battery that runs down is a fault, and a press that is repeated by radio is one', async () => {
    const { told, act } = await onCampus('zigbee2mqtt');
    await until('it is there', () => told.heardCount('button') > 0);
    await act('button', 'behave', { kind: 'repeats', times: 5 });
    await act('button', 'press');
    await act('button', 'power', { battery: 7 });
    await until('the battery is told', () => told.healthOf('button').includes('battery'));
    expect(told.events).toHaveLength(1);
  });
});

it.each(systems)("%s signs in at the gateway's own broker with what its wiring says", async (system) => {
  const told = recorder();
  let listener: Listener | undefined;
  const brokers = realBrokers({ clock: realClock, random: realRandomness, log });
  // The port is known before the driver listens there: the simulator connects again and again.
  const reserved = await realListening.listen({ host: '127.0.0.1', port: 0 }, () => ({
    onData() {},
    onClose() {},
  }));
  const { port } = reserved;
  await reserved.close();
  const { devices, act } = await campus(system, `127.0.0.1:${port}`, 'gateway');
  const line = { address: { kind: 'local' as const }, devices };
  expect(mqttDevicesDriver.configure(line)).toEqual([]);
  const place = { host: '127.0.0.1', port, connections: 50, messagesPerSecond: 50, maxPacketBytes: 131_072 };
  const run = mqttDevicesDriver.start(
    {
      ...told.context,
      serveBroker: async (serving) => (listener = await brokers.serve(place, serving)),
    },
    line,
  );
  cleanups.push(() => run.close());
  await until('the broker listens', () => listener !== undefined);
  await lives(told, act);
});
