import { cloudConfig } from '#cloud/config.ts';
import { startCloud } from '#cloud/start.ts';
import { parseEdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { startEdge } from '#edge/start.ts';
import type { ByteStream } from '#platform/ports.ts';
import { World } from '#platform/simulated/world.ts';
import { originText } from '#protocols/signal.ts';
import { blankMemory } from '#sim/button/memory.ts';
import type { PressRecord } from '#sim/button/press.ts';
import { createButton, type Button } from '#sim/button/unit.ts';
import { startCentre, type Centre } from '#sim/centre/centre.ts';
import { memoryFrameStore, type CentreFrame } from '#sim/centre/frame-store.ts';

/**
 * One campus, its city and 110 in a world of one seed: the real edge and cloud, the simulated button and centre,
 * and a broker, cables and disks that misbehave as the seed decides.
 */
export interface CityOptions {
  seed: number | string;
  presses: number;
  buttons?: number;
}

export interface Findings {
  presses: number;
  /** Origins of presses that 110 never got. */
  lost: string[];
  /** Presses that 110 holds under more than one (account, sequence, data, [H]). */
  doubled: string[];
  /** Frames at 110 that are of no press. */
  unexplained: string[];
  /** Lamps that said delivered although 110 had acknowledged nothing. */
  lies: string[];
  /** Presses whose lamp never said delivered. */
  dark: string[];
  /** Alarms still in the edge's outbox at the end, with everything mended. */
  stuck: string[];
  crashes: number;
  /** Identical frames beyond the first: allowed where a receipt was lost or late. */
  repeats: number;
  trace: readonly string[];
}

const account = '1234';
const broken = { lost: 0.03, lostPuback: 0.03, duplicate: 0.05, reorder: 0.05, cutSubscriber: 0.01 };

export async function liveThrough({ seed, presses, buttons = 10 }: CityOptions): Promise<Findings> {
  const world = new World(seed);
  try {
    return await new City(world, buttons).live(presses);
  } finally {
    world.close();
  }
}

class City {
  readonly #world: World;
  readonly #units: Button[] = [];
  readonly #store = memoryFrameStore();
  readonly #edgeConfig;
  readonly #cloudConfig;
  readonly #lies: string[] = [];
  #centre!: Centre;
  #edge: Awaited<ReturnType<typeof startEdge>> | null = null;
  #cloud: Awaited<ReturnType<typeof startCloud>> | null = null;
  #crashes = 0;

  constructor(world: World, buttons: number) {
    this.#world = world;
    const door = { id: 'dc09', kind: 'dc09', host: '110', port: 1110 };
    this.#cloudConfig = cloudConfig.parse({
      broker: { url: 'mqtt://broker:1883' },
      centres: [
        {
          id: 'city-110',
          primary: true,
          doors: [{ ...door, supervision: { account: '110A', interval_s: 30 } }],
        },
      ],
    });
    const parsed = parseEdgeConfig(
      {
        campus: 'school',
        gateway: 'gateway',
        account,
        direct: { centre: 'city-110', door },
        devices: Array.from({ length: buttons }, (_, i) => ({
          id: `button-${i}`,
          driver: 'button',
          address: `tty:/dev/tty${i}`,
          serial: serialOf(i).toString(16),
          zone: i + 1,
        })),
      },
      drivers,
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    this.#edgeConfig = parsed.config;
  }

  async live(presses: number): Promise<Findings> {
    const world = this.#world;
    await this.#openCentre();
    for (let i = 0; i < this.#edgeConfig.devices.length; i++) await this.#hangButton(i);
    this.#startCloud();
    this.#startEdge();
    await world.run({ until: 3000 });

    world.broker.faults = broken;
    let at = world.now;
    for (let i = 0; i < presses; i++) {
      at += 50 + world.random.fraction() * 1500;
      // Never two within the same second of one button: they are told apart by zone and second at 110.
      world.after(at - world.now, () => void this.#units[i % this.#units.length]!.press());
    }
    this.#troubleUntil(at);
    await world.run({ until: at + 1000 });

    world.broker.faults = { lost: 0, lostPuback: 0, duplicate: 0, reorder: 0, cutSubscriber: 0 };
    this.#centre.behave({ mode: 'acknowledge' });
    if (!world.machine('cloud').alive) this.#startCloud();
    if (!world.machine('edge').alive) this.#startEdge();
    const limit = world.now + 600_000;
    const settled = () =>
      this.#presses().every(({ lamp }) => lamp === 'delivered') && this.#edge?.status().alarms.length === 0;
    await world.run({ until: limit, whileTrue: () => !settled() });
    return this.#judge();
  }

  async #openCentre(): Promise<void> {
    const ports = this.#world.machine('centre').boot();
    const starting = startCentre(
      { listen: ports.listening, clock: ports.clock, log: ports.log, store: this.#store },
      { host: '110', port: 1110 },
    );
    await this.#world.run({ until: this.#world.now + 10 });
    this.#centre = await starting;
  }

  async #hangButton(i: number): Promise<void> {
    const world = this.#world;
    const machine = `unit-${i}`;
    const wire = world.network.wire({ machine: 'edge', path: `/dev/tty${i}` }, { machine, path: '/wire' });
    wire.corruption = 0.0005;
    wire.loss = 0.0005;
    const ports = world.machine(machine).boot();
    let stream: ByteStream | undefined;
    const unit = createButton(
      { clock: ports.clock, random: ports.random, log: ports.log, memory: blankMemory(ports.random) },
      { serial: serialOf(i), heartbeatMs: 30_000 },
      (bytes) => stream?.write(bytes),
    );
    this.#units.push(unit);
    const opening = ports.streams.open(
      { kind: 'tty', path: '/wire', baudRate: 9600 },
      {
        onData: (bytes) => {
          unit.receive(bytes);
          this.#watchLamps(unit);
        },
        onClose: () => {},
      },
    );
    await world.run({ until: world.now + 10 });
    stream = await opening;
  }

  #startEdge(): void {
    const ports = this.#world.machine('edge').boot();
    this.#edge = null;
    void startEdge(ports, this.#edgeConfig).then((edge) => (this.#edge = edge));
  }

  #startCloud(): void {
    const ports = this.#world.machine('cloud').boot();
    this.#cloud = null;
    void startCloud(ports, this.#cloudConfig).then((cloud) => (this.#cloud = cloud));
  }

  /** Crashes of edge and cloud (each with its power, at times), a broker that forgets, a 110 that falls silent. */
  #troubleUntil(end: number): void {
    const world = this.#world;
    const { random } = world;
    const strike = () => {
      if (world.now > end) return;
      const dice = random.fraction();
      const power = random.fraction() < 0.3 ? 'power' : 'process';
      const back = 200 + random.fraction() * 8000;
      if (dice < 0.3) this.#crash('edge', power, back, () => this.#startEdge());
      else if (dice < 0.6) this.#crash('cloud', power, back, () => this.#startCloud());
      else if (dice < 0.7) world.broker.restart(back);
      else if (dice < 0.8) this.#slow('edge', back);
      else {
        const mode = (['silent', 'reset', 'refuse-duh', 'delay'] as const)[
          Math.floor(random.fraction() * 4)
        ]!;
        this.#centre.behave({ mode, delayMs: 300 + random.fraction() * 600 });
        world.after(back, () => this.#centre.behave({ mode: 'acknowledge' }));
      }
      world.after(1000 + random.fraction() * 12_000, strike);
    };
    world.after(random.fraction() * 3000, strike);
  }

  #crash(name: 'edge' | 'cloud', how: 'power' | 'process', backMs: number, start: () => void): void {
    const machine = this.#world.machine(name);
    if (!machine.alive) return;
    this.#crashes += 1;
    machine.crash(how);
    if (name === 'edge') this.#edge = null;
    this.#world.after(backMs, () => {
      if (!machine.alive) start();
    });
  }

  /** A disk that takes longer than the alarm path is ready to wait. */
  #slow(name: string, ms: number): void {
    const { disk } = this.#world.machine(name);
    disk.slowness = 40;
    this.#world.after(ms, () => {
      disk.slowness = 1;
    });
  }

  #presses(): PressRecord[] {
    return this.#units.flatMap((unit) => unit.presses());
  }

  /**
   * A unit's lamps may have said delivered no more often than 110 holds presses of its zone. Asked whenever a
   * button hears something.
   */
  #watchLamps(unit: Button): void {
    const presses = unit.presses();
    const newest = presses.at(-1);
    if (newest === undefined) return;
    const zone = ` ${String(newest.origin.serial - serialOf(0) + 1).padStart(3, '0')}`;
    const held = new Set(
      this.#store
        .all()
        .filter((frame) => frame.data.endsWith(zone))
        .map(identity),
    );
    if (presses.filter(({ lamp }) => lamp === 'delivered').length > held.size) {
      this.#lies.push(originText(newest.origin));
    }
  }

  /** The names that the cloud knows each press by, in the end. */
  async #names(): Promise<Map<string, Set<number>>> {
    const reading = this.#cloud!.store.read<{ epoch: string; n: number; origin: string }>(
      'SELECT epoch, n, origin FROM signals',
    );
    await this.#world.run({ until: this.#world.now + 1000 });
    const rows = await reading;
    if (new Set(rows.map(({ epoch }) => epoch)).size > 1) throw new Error('the outbox began a new epoch');
    const names = new Map<string, Set<number>>();
    for (const { n, origin } of rows) names.set(origin, (names.get(origin) ?? new Set()).add(n));
    return names;
  }

  async #judge(): Promise<Findings> {
    const names = await this.#names();
    const explained = new Set<CentreFrame>();
    const doubled: string[] = [];
    const lost: string[] = [];
    const presses = this.#presses();
    for (const { origin } of presses) {
      const text = originText(origin);
      const sequences = names.get(text) ?? new Set();
      const frames = this.#store.all().filter(({ sequence }) => sequences.has(sequence));
      for (const frame of frames) explained.add(frame);
      const identities = new Set(frames.map(identity));
      if (identities.size === 0) lost.push(text);
      if (identities.size > 1) doubled.push(`${text}: ${[...identities].join(' and ')}`);
    }
    return {
      presses: presses.length,
      lost,
      doubled,
      unexplained: this.#store
        .all()
        .filter((frame) => !explained.has(frame))
        .map(identity),
      lies: this.#lies,
      dark: presses.filter(({ lamp }) => lamp !== 'delivered').map(({ origin }) => originText(origin)),
      stuck: this.#edge?.status().alarms.map(({ name }) => name) ?? ['the edge does not run'],
      crashes: this.#crashes,
      repeats: this.#store.all().length - new Set(this.#store.all().map(identity)).size,
      trace: this.#world.trace,
    };
  }
}

const identity = ({ account, sequence, data, h }: CentreFrame) =>
  JSON.stringify([account, sequence, data, h]);

const serialOf = (i: number) => 0xb0000001 + i;
