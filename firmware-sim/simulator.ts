import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, ListenPort, Log, Randomness } from '#platform/ports.ts';
import type { SimulatorConfig } from './configuration.ts';
import { startControl, type Parts } from './control.ts';
import type { SimulatedHardware } from './description.ts';
import { keptPorts } from './kept-ports.ts';
import type { Bench, RunningEntry, SimulatedPart, SimulatorKind } from './kind.ts';
import { kinds } from './kinds.ts';

interface SimulatorPorts {
  clock: Clock;
  random: Randomness;
  listen: ListenPort;
  log: Log;
}

export interface Simulator {
  hardware: SimulatedHardware;
  parts: Parts;
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
  const ttys = join(folder, 'tty');
  mkdirSync(ttys, { recursive: true });
  const kept = keptPorts(join(folder, 'ports.json'));
  const parts = new Map<string, Map<string, SimulatedPart>>();
  const running: { close(): Promise<void> }[] = [];
  const close = async () => {
    await Promise.all(running.splice(0).map((entry) => entry.close()));
  };

  try {
    for (const [name, kind] of Object.entries(kinds) as [keyof typeof kinds, SimulatorKind][]) {
      const members = parts.get(kind.group) ?? new Map<string, SimulatedPart>();
      parts.set(kind.group, members);
      for (const entry of config[name]) {
        const bench: Bench = {
          ...ports,
          host,
          folder,
          tty: (name) => join(ttys, name),
          atPort: (wanted, serve) => kept.take(`${name} ${entry.id}`, wanted, serve),
        };
        const started: RunningEntry = await kind.start(bench, entry);
        running.push(started);
        for (const part of started.parts) {
          if (members.has(part.id)) throw new Error(`sim.yaml has two ${kind.group} called ${part.id}`);
          members.set(part.id, part);
        }
      }
    }
    const token = Buffer.from(ports.random.bytes(24)).toString('base64url');
    const control = await kept.take('control', 0, (port) => startControl(parts, token, { host, port }));
    running.unshift(control);
    kept.save();
    const hardware = {
      control: { url: control.url, token },
      ...Object.fromEntries(
        [...parts].map(([group, members]) => [group, [...members.values()].map(described)]),
      ),
    } as SimulatedHardware;
    writeFileSync(describeIn, `${JSON.stringify(hardware, null, 2)}\n`, { mode: 0o600 });
    chmodSync(describeIn, 0o600);
    return { hardware, parts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function described({ id, description, wiring }: SimulatedPart) {
  return { id, ...(description as object), wiring };
}
