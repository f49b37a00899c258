import { cloudConfig } from '#cloud/config.ts';
import { startCloud } from '#cloud/start.ts';
import { parseEdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { outboxSchema } from '#edge/outbox/schema.ts';
import { startEdge } from '#edge/start.ts';
import type { ByteStream, SqlValue } from '#platform/ports.ts';
import type { Wire } from '#platform/simulated/network.ts';
import type { Ending } from '#platform/simulated/life.ts';
import type { World } from '#platform/simulated/world.ts';
import { type ButtonMemory, blankMemory } from '#sim/button/memory.ts';
import type { Button } from '#sim/button/button.ts';
import { createButton } from '#sim/button/unit.ts';
import { type Centre, startCentre } from '#sim/centre/centre.ts';
import { CentreBook } from './centre-book.ts';
import { Ledger } from './ledger.ts';
import { Names } from './names.ts';
import { Measured } from './measured.ts';
import { meterDriver } from './meter.ts';
import { DeclaredDrills } from './declared.ts';
import type { How, Plan } from './plan.ts';
import { Findings } from './promises.ts';
import { Witness } from './witness.ts';

export const account = '1234';
/** The centres of the city: the lamps mean the first. */
export const centres = ['city-110', 'district'] as const;
export type CentreName = (typeof centres)[number];

interface Place {
  centre: Centre;
  book: CentreBook;
}

/** One campus, its city and two centres: the real edge and cloud, and the simulated buttons and receivers. */
export class City {
  readonly world: World;
  readonly units: Button[] = [];
  readonly memories: ButtonMemory[] = [];
  /** Of the units that hang there now. */
  readonly #serials: number[] = [];
  readonly wires: Wire[] = [];
  readonly ledger = new Ledger();
  readonly names = new Names();
  readonly findings: Findings;
  /** Times in which something was out of order, virtual ms. */
  readonly troubled: { from: number; to: number }[] = [];
  /** Presses up to then may be missing from the cloud's store, which was put back from a backup. */
  storeForgets: { from: number; to: number } | null = null;
  /** When (virtual ms) a store was put back from a backup, and the receipts that it lost by that: `name centre`. */
  readonly forgottenReceipts: { at: number; of: ReadonlySet<string> }[] = [];
  /** When the edge's process ended, virtual ms. */
  readonly edgeDied: number[] = [];
  readonly drills: DeclaredDrills;
  /** Plain presses of this day may be summed. */
  readonly sums: boolean;
  /** The cloud probes the buttons. */
  readonly probes: boolean;
  readonly witness: Witness;
  readonly measured: Measured;
  edge: Awaited<ReturnType<typeof startEdge>> | null = null;
  cloud: Awaited<ReturnType<typeof startCloud>> | null = null;
  readonly #places = new Map<CentreName, Place>();
  readonly #buttons: number;
  /** How many of them are pressed; the others are only probed. */
  readonly pressed: number;
  readonly #edgeConfig;
  readonly #cloudConfig;

  constructor(
    world: World,
    plan: Pick<Plan, 'direct' | 'abovePerMinute' | 'probed'>,
    buttons: number,
    stopAtFirst: boolean,
  ) {
    this.world = world;
    this.#buttons = buttons;
    this.pressed = buttons - plan.probed;
    this.sums = plan.abovePerMinute < 1000;
    this.probes = plan.probed > 0;
    this.drills = new DeclaredDrills(this);
    this.findings = new Findings(stopAtFirst);
    this.witness = new Witness(this);
    this.measured = new Measured(this);
    let readings = 0;
    const door = (host: string) => ({ id: 'dc09', kind: 'dc09', host, port: 1110 });
    this.#cloudConfig = cloudConfig.parse({
      broker: { url: 'mqtt://broker:1883' },
      ...(plan.probed > 0 && { probes: { every_h: probedEveryH } }),
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
        ...(plan.direct ? { direct: { centre: centres[0], door: door(centres[0]) } } : {}),
        summing: { above_per_minute: plan.abovePerMinute },
        devices: [
          ...Array.from({ length: buttons }, (_, i) => ({
            id: `button-${i}`,
            driver: 'button',
            address: `tty:/dev/tty${i}`,
            serial: serialOf(i).toString(16),
            zone: i + 1,
            sounder: isSilent(i) ? 'silent' : 'audible',
          })),
          { id: 'meter', driver: 'meter', address: 'local:' },
        ],
      },
      [...drivers, meterDriver(() => ++readings)],
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    this.#edgeConfig = parsed.config;
  }

  /** `nextN`: where the alarms' counter stands. */
  async open(nextN: number): Promise<void> {
    for (const name of centres) await this.#openCentre(name);
    await this.#numberFrom(nextN);
    for (let i = 0; i < this.#buttons; i++) this.#hangButton(i);
    await this.world.run({ until: this.world.now + 10 });
    this.#tapBroker();
    this.world.machine('edge').disk.onCommit = (file) => {
      if (file === 'alarms') this.witness.outboxCommitted();
      if (file === 'telemetry') this.measured.committed();
    };
    this.world.watch(() => this.findings.stopIfAny());
    this.startCloud();
    this.startEdge();
  }

  centre(name: CentreName): Centre {
    return this.#places.get(name)!.centre;
  }

  book(name: CentreName): CentreBook {
    return this.#places.get(name)!.book;
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
    this.measured.through(name, how, () => machine.crash(how));
    if (name === 'edge') this.edgeDied.push(this.world.now);
    this[name] = null;
    return true;
  }

  /** The cloud's store is put back from a backup: what came after that is gone from it, receipts included. */
  restoreStore(backup: { at: number; bytes: Uint8Array }): void {
    const { world } = this;
    world.note("the cloud's store is put back from a backup");
    this.storeForgets = {
      from: Math.min(backup.at, this.storeForgets?.from ?? backup.at) - 10_000,
      to: world.now,
    };
    this.crash('cloud', 'process');
    const held = this.#receipts();
    world.machine('cloud').disk.restore('cloud', backup.bytes);
    this.forgottenReceipts.push({ at: world.now, of: held.difference(this.#receipts()) });
    this.startCloud();
  }

  #receipts(): Set<string> {
    const rows = this.look<{ name: string; centre: string }>(
      'cloud',
      'SELECT s.name, r.centre FROM receipts r JOIN signals s ON COALESCE(s.same_as, s.id) = r.signal',
    );
    return new Set(rows.map(({ name, centre }) => `${name} ${centre}`));
  }

  startIfDown(name: 'edge' | 'cloud'): void {
    if (this.world.machine(name).alive) return;
    if (name === 'edge') this.startEdge();
    else this.startCloud();
  }

  /** Rows of the edge's or the cloud's own file, at no cost in time. */
  look<T>(
    machine: 'edge' | 'cloud',
    sql: string,
    params: readonly SqlValue[] = [],
    file = machine === 'edge' ? 'alarms' : 'cloud',
  ): T[] {
    return this.world.machine(machine).disk.look(file, sql, params) as T[];
  }

  press(i: number, how: How): void {
    const finger = this.units[i]![how]();
    const { finger: text } = this.ledger.pressed(finger, {
      now: this.world.now,
      unit: i,
      silent: isSilent(i),
      over: this.drills.ended(),
    });
    this.world.note(() => `unit-${i} is pressed: ${text}`);
    this.watch(i);
  }

  /** Lets a machine's wall clock jump: `skewMs` ahead of true time. */
  setClock(name: 'edge' | 'cloud', skewMs: number): void {
    this.world.machine(name).skewMs = skewMs;
    if (name === 'cloud') this.drills.clockJumped(skewMs);
  }

  /** Power off and on: what its lamps showed is forgotten, its waiting presses are not. */
  restartUnit(i: number): void {
    this.world.note(`unit-${i} loses its power`);
    this.ledger.unitForgets(i, 'acked');
    this.units[i]!.restart();
  }

  /** Another unit is hung in its place, with a blank memory; `serial` null: the old one, come back from repair. */
  replaceUnit(i: number, serial: number | null): void {
    const old = this.units[i]!;
    this.world.note(`unit-${i} is replaced`);
    this.ledger.unitForgets(i, 'all');
    old.stop();
    this.#hangUnit(i, serial ?? serialOf(i), serial === null ? null : { ...this.memories[i]!, counter: 0 });
  }

  watch(i: number): void {
    this.ledger.look(this.units[i]!.presses(), this.world.now, this.book(centres[0]).all().length, {
      acked: (pressed) => {
        this.world.note(() => `unit-${i} is host-acked: ${pressed.finger}`);
        this.witness.acked(pressed);
      },
      lit: (pressed) => {
        this.world.note(() => `unit-${i} shows delivered: ${pressed.finger}`);
        this.witness.lit(pressed);
      },
    });
  }

  /**
   * Names of the alarms that should leave the outbox soon. One that is delivered, and whose unit was replaced before its
   * lamp was confirmed, leaves after a day: longer than this one.
   */
  owedByEdge(): string[] {
    const isHanging = (name: string) => {
      const pressed = this.ledger.all.find(({ finger }) => finger === this.names.fingerOf(name));
      return pressed === undefined || serialIn(pressed.finger) === this.#serials[pressed.unit];
    };
    const alarms = this.edge?.status().alarms ?? [];
    return alarms.filter(({ name, delivered }) => !delivered || isHanging(name)).map(({ name }) => name);
  }

  /** Notes a time in which a press may be touched by a fault. */
  trouble(ms: number): void {
    this.troubled.push({ from: this.world.now, to: this.world.now + ms });
  }

  #tapBroker(): void {
    const { broker } = this.world;
    const route = broker.route.bind(broker);
    broker.route = (message) => {
      this.witness.published(message);
      route(message);
    };
  }

  async #openCentre(name: CentreName): Promise<void> {
    const ports = this.world.machine(name).boot();
    const now = () => this.world.now;
    const book = new CentreBook(now, (frame) => {
      const { sequence, data, h } = frame;
      this.world.note(() => `${name} takes ${sequence} ${data} ${h ?? 'without a time'}`);
      this.witness.frame(name, frame);
    });
    const starting = startCentre(
      { listen: ports.listening, clock: ports.clock, log: ports.log, store: book },
      { host: name, port: 1110 },
    );
    await this.world.run({ until: this.world.now + 10 });
    this.#places.set(name, { centre: await starting, book });
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

  #hangButton(i: number): void {
    const wire = this.world.network.wire(
      { machine: 'edge', path: `/dev/tty${i}` },
      { machine: `unit-${i}`, path: '/wire' },
    );
    wire.corruption = 0.0005;
    wire.loss = 0.0005;
    this.wires.push(wire);
    this.#hangUnit(i, serialOf(i), null);
  }

  #hangUnit(i: number, serial: number, memory: ButtonMemory | null): void {
    const ports = this.world.machine(`unit-${i}`).boot();
    const own = memory ?? blankMemory(ports.random);
    this.memories[i] = own;
    this.#serials[i] = serial;
    let stream: ByteStream | undefined;
    const unit = createButton(
      { clock: ports.clock, random: ports.random, log: ports.log, memory: own },
      { serial, heartbeatMs: 30_000, silent: isSilent(i) },
      (bytes) => stream?.write(bytes),
    );
    this.units[i] = unit;
    const onData = (bytes: Uint8Array) => {
      unit.receive(bytes);
      this.watch(i);
    };
    void ports.streams
      .open({ kind: 'tty', path: '/wire', baudRate: 9600 }, { onData, onClose: () => {} })
      .then((opened) => (stream = opened));
  }
}

const serialIn = (finger: string) => Number.parseInt(finger.split('/')[0]!, 16);
const serialOf = (i: number) => 0xb0000001 + i;
/** Each button on each path within 72 s. */
const probedEveryH = 0.02;
/** Every fourth button is a silent one. */
const isSilent = (i: number) => i % 4 === 3;
