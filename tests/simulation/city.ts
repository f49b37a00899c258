import { cloudConfig } from '#cloud/config.ts';
import { startCloud } from '#cloud/start.ts';
import { parseEdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { outboxSchema } from '#edge/outbox/schema.ts';
import { startEdge } from '#edge/start.ts';
import type { ByteStream } from '#platform/ports.ts';
import type { Ending } from '#platform/simulated/life.ts';
import type { World } from '#platform/simulated/world.ts';
import { type ButtonMemory, blankMemory } from '#sim/button/memory.ts';
import { type Button, createButton } from '#sim/button/unit.ts';
import { type Centre, startCentre } from '#sim/centre/centre.ts';
import { type FrameStore, memoryFrameStore } from '#sim/centre/frame-store.ts';
import { Ledger } from './ledger.ts';

export const account = '1234';
/** The centres of the city: the lamps mean the first. */
export const centres = ['city-110', 'district'] as const;
export type CentreName = (typeof centres)[number];

interface Place {
  centre: Centre;
  store: FrameStore;
}

/** One campus, its city and two centres: the real edge and cloud, and the simulated buttons and receivers. */
export class City {
  readonly world: World;
  readonly units: Button[] = [];
  readonly memories: ButtonMemory[] = [];
  readonly ledger = new Ledger();
  edge: Awaited<ReturnType<typeof startEdge>> | null = null;
  cloud: Awaited<ReturnType<typeof startCloud>> | null = null;
  readonly #places = new Map<CentreName, Place>();
  readonly #edgeConfig;
  readonly #cloudConfig;

  constructor(world: World, buttons: number) {
    this.world = world;
    const door = (host: string) => ({ id: 'dc09', kind: 'dc09', host, port: 1110 });
    this.#cloudConfig = cloudConfig.parse({
      broker: { url: 'mqtt://broker:1883' },
      centres: centres.map((id) => ({
        id,
        primary: id === centres[0],
        doors: [{ ...door(id), supervision: { account: '110A', interval_s: 30 } }],
      })),
    });
    const parsed = parseEdgeConfig(
      {
        campus: 'school',
        gateway: 'gateway',
        account,
        direct: { centre: centres[0], door: door(centres[0]) },
        // The fingers of this city are quicker than anybody's; summing has stories of its own.
        summing: { above_per_minute: 6000 },
        devices: Array.from({ length: buttons }, (_, i) => ({
          id: `button-${i}`,
          driver: 'button',
          address: `tty:/dev/tty${i}`,
          serial: serialOf(i).toString(16),
          zone: i + 1,
          sounder: isSilent(i) ? 'silent' : 'audible',
        })),
      },
      drivers,
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    this.#edgeConfig = parsed.config;
  }

  /** `nextN`: where the alarms' counter stands. */
  async open(nextN: number): Promise<void> {
    for (const name of centres) await this.#openCentre(name);
    await this.#numberFrom(nextN);
    for (let i = 0; i < this.#edgeConfig.devices.length; i++) await this.#hangButton(i);
    this.startCloud();
    this.startEdge();
  }

  centre(name: CentreName): Centre {
    return this.#places.get(name)!.centre;
  }

  frames(name: CentreName) {
    return this.#places.get(name)!.store.all();
  }

  startEdge(): void {
    const ports = this.world.machine('edge').boot();
    this.edge = null;
    void startEdge(ports, this.#edgeConfig).then((edge) => (this.edge = edge));
  }

  /** As a supervisor does: one that cannot start is started again. */
  startCloud(): void {
    const { world } = this;
    const machine = world.machine('cloud');
    const ports = machine.boot();
    this.cloud = null;
    startCloud(ports, this.#cloudConfig).then(
      (cloud) => (this.cloud = cloud),
      (error: unknown) => {
        world.note(`the cloud does not start: ${String(error)}`);
        machine.crash();
        world.after(500, () => {
          if (!machine.alive) this.startCloud();
        });
      },
    );
  }

  /** False: it was not running. */
  crash(name: 'edge' | 'cloud', how: Ending): boolean {
    const machine = this.world.machine(name);
    if (!machine.alive) return false;
    machine.crash(how);
    this[name] = null;
    return true;
  }

  startIfDown(name: 'edge' | 'cloud'): void {
    if (this.world.machine(name).alive) return;
    if (name === 'edge') this.startEdge();
    else this.startCloud();
  }

  /** Rows of the edge's or the cloud's own file, at no cost in time. */
  look<T>(machine: 'edge' | 'cloud', sql: string): T[] {
    const file = machine === 'edge' ? 'alarms' : 'cloud';
    return this.world.machine(machine).disk.look(file, sql) as T[];
  }

  press(i: number, how: 'press' | 'longPress' | 'secondPress' | 'test'): void {
    const unit = this.units[i]!;
    this.ledger.pressed(unit[how](), i);
    this.watch(i);
  }

  /** Power off and on: what its lamps showed is forgotten, its waiting presses are not. */
  restartUnit(i: number): void {
    this.ledger.unitRestarts(i);
    this.units[i]!.restart();
  }

  watch(i: number): void {
    this.ledger.look(this.units[i]!.presses(), this.frames(centres[0]).length);
  }

  async #openCentre(name: CentreName): Promise<void> {
    const ports = this.world.machine(name).boot();
    const store = memoryFrameStore();
    const starting = startCentre(
      { listen: ports.listening, clock: ports.clock, log: ports.log, store },
      { host: name, port: 1110 },
    );
    await this.world.run({ until: this.world.now + 10 });
    this.#places.set(name, { centre: await starting, store });
  }

  async #numberFrom(nextN: number): Promise<void> {
    const machine = this.world.machine('edge');
    const opening = machine.boot().databases.open('alarms', 'durable', outboxSchema);
    await this.world.run({ until: this.world.now + 10 });
    const value = JSON.stringify({ epoch: 'e'.repeat(16), reserved: nextN - 1 });
    const done = (await opening).commit([
      { sql: `INSERT INTO meta (key, value) VALUES ('names', ?)`, params: [value] },
    ]);
    await this.world.run({ until: this.world.now + 10 });
    await done;
    machine.crash();
  }

  async #hangButton(i: number): Promise<void> {
    const { world } = this;
    const machine = `unit-${i}`;
    const wire = world.network.wire({ machine: 'edge', path: `/dev/tty${i}` }, { machine, path: '/wire' });
    wire.corruption = 0.0005;
    wire.loss = 0.0005;
    const ports = world.machine(machine).boot();
    const memory = blankMemory(ports.random);
    this.memories.push(memory);
    let stream: ByteStream | undefined;
    const unit = createButton(
      { clock: ports.clock, random: ports.random, log: ports.log, memory },
      { serial: serialOf(i), heartbeatMs: 30_000, silent: isSilent(i) },
      (bytes) => stream?.write(bytes),
    );
    this.units.push(unit);
    const opening = ports.streams.open(
      { kind: 'tty', path: '/wire', baudRate: 9600 },
      {
        onData: (bytes) => {
          unit.receive(bytes);
          this.watch(i);
        },
        onClose: () => {},
      },
    );
    await world.run({ until: world.now + 10 });
    stream = await opening;
  }
}

const serialOf = (i: number) => 0xb0000001 + i;
/** Every fourth button is a silent one. */
const isSilent = (i: number) => i % 4 === 3;
