import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedBroker, type EmbeddedBroker } from '#cloud/broker/embedded.ts';
import { startCloud, type Cloud } from '#cloud/start.ts';
import { startEdge, type Edge } from '#edge/start.ts';
import { realClock } from '#platform/real/clock.ts';
import { realHttp } from '#platform/real/http.ts';
import { realLog } from '#platform/real/log.ts';
import { realPorts } from '#platform/real/ports.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import type { DeviceAct } from '#protocols/messages/command.ts';
import type { ConfigurationSource } from '#platform/configuration.ts';
import { ConfigurationError } from '#platform/configuration.ts';
import { startSimulator, type Simulator } from '#sim/simulator.ts';
import { reservePort } from '../ports.ts';
import { campusOf, hardwareOf, type Campus } from './campus.ts';
import type { ProcessName, ScenarioFile } from './file.ts';
import { mortal, type DiskWork, type Mortal } from './mortal.ts';

/** Everything that a scenario needs, in this process: hardware, broker, cloud and edge, over real wires. */
export interface World {
  simulator: Simulator;
  campus: Campus;
  /** Null while it is stopped or dead. */
  cloud(): Cloud | null;
  /** The cloud asks a device of the campus; its answer is to be seen in `asked`. Rejects while the cloud is not running. */
  ask(device: string, act: DeviceAct): Promise<void>;
  /** The command by which a device was asked last for this. */
  asked(device: string, act: DeviceAct['do']): string | undefined;
  start(name: ProcessName): Promise<void>;
  stop(name: ProcessName): Promise<void>;
  kill(name: ProcessName): Promise<void>;
  close(): Promise<void>;
}

/** How long a device has to answer what it is asked, ms. */
const askedForMs = 15_000;

export interface WorldOptions {
  folder: string;
  withoutTtys: boolean;
  log: Parameters<typeof realLog>[0];
  disk: DiskWork;
}

/** Starts the hardware, the broker, the cloud and the edge. Rejects with a `ConfigurationError` of the file. */
export async function openWorld(
  scenario: ScenarioFile,
  source: ConfigurationSource,
  { folder, withoutTtys, log: logOptions, disk }: WorldOptions,
): Promise<World> {
  const log = realLog(logOptions);
  const meeting = { broker: await reservePort(0, ''), centre: await reservePort(0, '') };
  const simFolder = join(folder, 'sim');
  mkdirSync(simFolder, { recursive: true });
  const simulator = await startSimulator(
    { clock: realClock, random: realRandomness, listen: realListening, log },
    hardwareOf(scenario, meeting, { withoutTtys }),
    { folder: simFolder, describeIn: join(folder, 'sim.json') },
  );
  const composed = campusOf(scenario, simulator.hardware, simulator.parts);
  if (!composed.ok) {
    await simulator.close();
    throw new ConfigurationError(
      composed.problems.map(({ path, message }) => source.problemAt(path, message)),
    );
  }
  const { campus } = composed;

  let broker: EmbeddedBroker | null = null;
  let cloud: { running: Cloud; life: Mortal } | null = null;
  let edge: { running: Edge; life: Mortal } | null = null;
  const born = (name: 'edge' | 'cloud', mqttUrl: string) =>
    mortal(realPorts({ dataDir: join(folder, name), mqttUrl, log: logOptions }), disk);

  const processes: Record<
    ProcessName,
    { start(): Promise<void>; stop(): Promise<void>; kill(): Promise<void> }
  > = {
    broker: {
      async start() {
        broker ??= await startEmbeddedBroker({ host: '127.0.0.1', port: meeting.broker, log });
      },
      async stop() {
        await broker?.close();
        broker = null;
      },
      kill: () => processes.broker.stop(),
    },
    cloud: {
      async start() {
        if (cloud !== null) return;
        const { broker } = campus.cloud;
        const life = born('cloud', broker.kind === 'external' ? broker.url : '');
        cloud = { life, running: await startCloud(life.ports, campus.cloud, { http: realHttp }) };
      },
      async stop() {
        await cloud?.running.close();
        cloud = null;
      },
      async kill() {
        const dying = cloud;
        cloud = null;
        await dying?.life.kill();
        // What it holds beside its ports is let go of; a dead clock keeps it from waiting for anything.
        void dying?.running.close().catch(() => {});
      },
    },
    edge: {
      async start() {
        if (edge !== null) return;
        const life = born('edge', campus.edge.broker.url);
        edge = { life, running: await startEdge(life.ports, campus.edge) };
      },
      async stop() {
        await edge?.running.close();
        edge = null;
      },
      async kill() {
        const dying = edge;
        edge = null;
        await dying?.life.kill();
        void dying?.running.close().catch(() => {});
      },
    },
  };

  const asked = new Map<string, string>();
  const world: World = {
    simulator,
    campus,
    cloud: () => cloud?.running ?? null,
    async ask(device, act) {
      if (cloud === null) throw new Error('the cloud is not running');
      const { campus: at, gateway } = campus.edge;
      const order = { kind: 'act', device, act } as const;
      const { id } = await cloud.running.commands.send({ campus: at, gateway }, order, {
        by: null,
        expiresInMs: askedForMs,
      });
      asked.set(`${device} ${act.do}`, id);
    },
    asked: (device, act) => asked.get(`${device} ${act}`),
    start: (name) => processes[name].start(),
    stop: (name) => processes[name].stop(),
    kill: (name) => processes[name].kill(),
    async close() {
      for (const name of ['edge', 'cloud', 'broker'] as const) await processes[name].stop();
      await simulator.close();
    },
  };
  try {
    for (const name of ['broker', 'cloud', 'edge'] as const) await world.start(name);
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}
