import type { Clock, ListenPort, Log, LogFields, Ports } from '#platform/ports.ts';
import { Broker } from './broker.ts';
import { Disk } from './disk.ts';
import { HttpServers } from './http.ts';
import { type Ending, Life } from './life.ts';
import { simulatedMqtt } from './mqtt.ts';
import { Network } from './network.ts';
import { type Seeded, seeded } from './seeded.ts';
import { type RunOptions, Timeline } from './timeline.ts';

/** 2026-01-01T00:00:00Z: the wall clock of a world at its beginning. */
const beginning = Date.UTC(2026, 0, 1);

/** A line of the trace; as a function where it costs something to write. */
export type Note = string | (() => string);

/** What a process of a simulated machine is given: it may also listen, as receivers and simulators do. */
export interface SimulatedPorts extends Ports {
  listening: ListenPort;
}

/** A world in which one seed decides every delay, loss, duplicate, crash and full disk. */
export class World {
  readonly seed: string | number;
  /** For the script of a run: when to crash what. */
  readonly random: Seeded;
  readonly network: Network;
  readonly broker: Broker;
  readonly http: HttpServers;
  /** All that happened: the same for the same seed, byte for byte. */
  readonly trace: string[] = [];
  readonly #tracing: boolean;
  readonly #timeline = new Timeline();
  readonly #machines = new Map<string, Machine>();

  /** Without `tracing` the same happens, and is not written down: for many worlds in a row. */
  constructor(seed: string | number, { tracing = true }: { tracing?: boolean } = {}) {
    this.seed = seed;
    this.#tracing = tracing;
    const root = seeded(seed);
    this.random = root.fork('script');
    const note = (what: Note) => this.note(what);
    this.network = new Network(this.#timeline, root.fork('network'), note);
    this.broker = new Broker(this.#timeline, root.fork('broker'), this.network, note);
    this.http = new HttpServers(this.#timeline, root.fork('http'), this.network, note);
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#timeline.now;
  }

  /** True time as UTC milliseconds, which no machine knows exactly. */
  get wall(): number {
    return Math.floor(beginning + this.now);
  }

  get events(): number {
    return this.#timeline.events;
  }

  machine(name: string): Machine {
    let machine = this.#machines.get(name);
    if (machine === undefined) {
      const random = seeded(this.seed).fork(`machine ${name}`);
      machine = new Machine(name, this, this.#timeline, random);
      this.#machines.set(name, machine);
    }
    return machine;
  }

  /** Lets `then` happen `ms` from now, whoever is alive. Returns what cancels it. */
  after(ms: number, then: () => void): () => void {
    return this.#timeline.after(ms, then);
  }

  run(options: RunOptions): Promise<void> {
    return this.#timeline.run(options);
  }

  /** Has `then` called after each event, when all promises have settled. */
  watch(then: () => void): void {
    this.#timeline.onSettled = then;
  }

  note(what: Note): void {
    if (!this.#tracing) return;
    this.trace.push(`${this.now.toFixed(3)} ${typeof what === 'string' ? what : what()}`);
  }

  /** Ends every process and forgets every disk. */
  close(): void {
    for (const machine of this.#machines.values()) {
      machine.crash();
      machine.disk.close();
    }
  }
}

/** A machine: its disk and its wall clock outlive its processes. One process at a time. */
export class Machine {
  readonly name: string;
  readonly disk: Disk;
  /** Milliseconds by which its wall clock is ahead of true time: set it to let the clock jump. */
  skewMs = 0;
  readonly #world: World;
  readonly #timeline: Timeline;
  readonly #random: Seeded;
  #life: Life | null = null;
  #boots = 0;

  constructor(name: string, world: World, timeline: Timeline, random: Seeded) {
    this.name = name;
    this.#world = world;
    this.#timeline = timeline;
    this.#random = random;
    this.disk = new Disk(timeline, random.fork('disk'), (what) => world.note(() => `${name} ${what}`));
  }

  get alive(): boolean {
    return this.#life !== null;
  }

  /**
   * Starts a process on the disk as it is; one that still runs is killed before. Small files and HTTP are there only
   * for who asks: not every world has them.
   */
  boot({ files = false, http = false }: { files?: boolean; http?: boolean } = {}): SimulatedPorts {
    this.crash();
    const life = new Life(this.name, this.#random.fork(`boot ${++this.#boots}`), this.#timeline);
    this.#life = life;
    this.#world.note(`${this.name} boots`);
    const { network, broker } = this.#world;
    return {
      clock: this.#clock(life),
      random: {
        fraction: () => {
          life.check();
          return life.random.fraction();
        },
        bytes: (count) => {
          life.check();
          return life.random.bytes(count);
        },
      },
      ...this.disk.port(life),
      ...(files && { files: this.disk.smallFiles(life) }),
      ...(http && { http: this.#world.http.port(life) }),
      mqtt: simulatedMqtt(broker, life),
      streams: network.streams(life),
      listening: network.listening(life),
      log: this.#log(life, {}),
    };
  }

  /**
   * Kills its process: no timer of it fires, no promise settles. `power`: nobody tells its peers either, and
   * relaxed files lose their last commits.
   */
  crash(how: Ending = 'process'): void {
    if (this.#life === null) return;
    this.#world.note(`${this.name} crashes (${how})`);
    this.#life.end(how);
    this.#life = null;
  }

  #clock(life: Life): Clock {
    return {
      wall: () => {
        life.check();
        return this.#world.wall + this.skewMs;
      },
      monotonic: () => {
        life.check();
        return this.#timeline.now - life.bornAt;
      },
      after: (ms, then) => {
        life.check();
        // As setTimeout does: never at once.
        return life.after(Math.max(1, ms), then);
      },
    };
  }

  #log(life: Life, base: LogFields): Log {
    const line = (level: string) => (message: string, fields?: LogFields) => {
      if (!life.alive) return;
      this.#world.note(
        () => `${this.name} ${level} ${message} ${JSON.stringify({ ...base, ...fields }, plain)}`,
      );
    };
    return {
      debug: () => {},
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: (fields) => this.#log(life, { ...base, ...fields }),
    };
  }
}

/** Errors by their message (a stack is not the same twice), bigints as text. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === 'bigint' ? String(value) : value;
}
