import { mkdirSync, readFileSync, writeFileSync, chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, ListenPort, Log, Randomness } from '#platform/ports.ts';
import { blankMemory, type ButtonMemory } from './button/memory.ts';
import { serveButton, type ServedButton } from './button/serve.ts';
import { simulateCamera, type CameraControl } from './camera/camera.ts';
import { startCentre, type Centre } from './centre/centre.ts';
import { fileFrameStore } from './centre/frame-store.ts';
import type { SimulatorConfig } from './configuration.ts';
import { startControl } from './control.ts';
import type { SimulatedHardware } from './description.ts';
import type { UnitControl } from './modbus/bus.ts';
import { serveBus, type ServedBus } from './modbus/serve.ts';

export interface SimulatorPorts {
  clock: Clock;
  random: Randomness;
  listen: ListenPort;
  log: Log;
}

/** Everything that runs, by id. */
export interface Running {
  buttons: Map<string, ServedButton>;
  centres: Map<string, Centre>;
  cameras: Map<string, CameraControl>;
  smoke: Map<string, UnitControl>;
}

export interface Simulator {
  hardware: SimulatedHardware;
  running: Running;
  close(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Plays the hardware of a campus, and the 110 centre. Units keep their memory, the centre its frames, and both
 * their ports in `folder`; `describeIn` is the file (0600) that tells how to reach them.
 */
export async function startSimulator(
  ports: SimulatorPorts,
  config: SimulatorConfig,
  { folder, describeIn }: { folder: string; describeIn: string },
): Promise<Simulator> {
  const running: Running = {
    buttons: new Map(),
    centres: new Map(),
    cameras: new Map(),
    smoke: new Map(),
  };
  const buses: ServedBus[] = [];
  const ttys = join(folder, 'tty');
  mkdirSync(ttys, { recursive: true });
  const kept = keptPorts(join(folder, 'ports.json'));
  const hardware: SimulatedHardware = {
    control: { url: '', token: Buffer.from(ports.random.bytes(24)).toString('base64url') },
    buttons: [],
    centres: [],
    cameras: [],
    smoke: [],
  };

  for (const { id, port } of config.centres) {
    const store = fileFrameStore(join(folder, `${id}.frames.jsonl`));
    const log = ports.log.child({ centre: id });
    const centre = await kept.take(`centre ${id}`, port, (free) =>
      startCentre({ ...ports, log, store }, { host, port: free }),
    );
    running.centres.set(id, centre);
    hardware.centres.push({ id, host, port: centre.port });
  }

  for (const { id, serial, via, port, silent, heartbeat_s } of config.buttons) {
    const file = join(folder, `${id}.memory.json`);
    const memory = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as ButtonMemory)
      : blankMemory(ports.random);
    const save = (changed: ButtonMemory) => writeFileSync(file, JSON.stringify(changed));
    const parts = { ...ports, log: ports.log.child({ button: id }), memory, save };
    const unit = { serial: Number.parseInt(serial, 16), silent, heartbeatMs: heartbeat_s * 1000 };
    const byTcp = () =>
      kept.take(`button ${id}`, port, async (free) => {
        const served = await serveButton(parts, unit, {
          kind: 'tcp',
          listen: ports.listen,
          host,
          port: free,
        });
        if (served.kind === 'absent') throw new Error(`${id} cannot be served: ${served.reason}`);
        return served.button;
      });
    const onTty =
      via === 'pty' ? await serveButton(parts, unit, { kind: 'pty', link: join(ttys, id) }) : null;
    if (onTty?.kind === 'absent') {
      ports.log.warn(`no tty for ${id}, it is served by TCP instead`, { reason: onTty.reason });
    }
    const button = onTty?.kind === 'served' ? onTty.button : await byTcp();
    running.buttons.set(id, button);
    hardware.buttons.push({ id, serial, silent, address: button.address });
  }

  for (const { id, port, username, password, scene } of config.cameras) {
    const camera = await kept.take(`camera ${id}`, port, (free) =>
      simulateCamera(ports, { host, port: free, username, password, scene, serial: `SIM-${id}` }),
    );
    running.cameras.set(id, camera);
    hardware.cameras.push({ id, address: `http://${host}:${camera.port}`, username, password });
  }

  for (const { id, via, port, sensors } of config.buses) {
    const byTcp = () =>
      kept.take(`bus ${id}`, port, async (free) => {
        const served = await serveBus(ports, sensors, { kind: 'tcp', host, port: free });
        if (served.kind === 'absent') throw new Error(`${id} cannot be served: ${served.reason}`);
        return served.bus;
      });
    const onTty =
      via === 'pty' ? await serveBus(ports, sensors, { kind: 'pty', link: join(ttys, id) }) : null;
    if (onTty?.kind === 'absent') {
      ports.log.warn(`no tty for ${id}, it is served by TCP instead`, { reason: onTty.reason });
    }
    const bus = onTty?.kind === 'served' ? onTty.bus : await byTcp();
    buses.push(bus);
    for (const sensor of sensors) {
      running.smoke.set(sensor.id, bus.units.get(sensor.unit)!);
      hardware.smoke.push({ ...sensor, address: bus.address });
    }
  }

  const control = await kept.take('control', 0, (free) => startControl(running, hardware, ports, free));
  kept.save();
  writeFileSync(describeIn, `${JSON.stringify(hardware, null, 2)}\n`, { mode: 0o600 });
  chmodSync(describeIn, 0o600);

  return {
    hardware,
    running,
    async close() {
      await control.close();
      await Promise.all([...running.buttons.values()].map((button) => button.close()));
      await Promise.all([...running.centres.values()].map((centre) => centre.close()));
      await Promise.all([...running.cameras.values()].map((camera) => camera.close()));
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

/** The ports of the last start, so that whoever was connected finds its hardware again. */
function keptPorts(file: string) {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const taken: Record<string, number> = {};
  return {
    /** Serves at the port that the file asks for, else at last time's, else at a free one. */
    async take<T extends { port: number | null }>(
      what: string,
      wanted: number,
      serve: (port: number) => Promise<T>,
    ): Promise<T> {
      const last = kept[what] ?? 0;
      const served = await serve(wanted === 0 ? last : wanted).catch((error: NodeJS.ErrnoException) => {
        if (wanted !== 0 || last === 0 || error.code !== 'EADDRINUSE') throw error;
        return serve(0);
      });
      if (served.port !== null) taken[what] = served.port;
      return served;
    },
    save: () => writeFileSync(file, JSON.stringify(taken)),
  };
}
