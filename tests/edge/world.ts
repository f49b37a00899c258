import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Door, DoorResult, DoorSignal, Supervision } from '#platform/doors/door.ts';
import type { HttpPort } from '#platform/http.ts';
import { DatabaseError } from '#platform/database-error.ts';
import type {
  Clock,
  Database,
  DatabasePort,
  DiskPort,
  Log,
  MqttLinkOptions,
  Ports,
} from '#platform/ports.ts';
import { SqliteFile, boundStatement } from '#platform/sqlite.ts';
import { deviceBase, type EdgeConfig, parseEdgeConfig } from '#edge/config.ts';
import type { ActResult, DeviceBase, Driver, DriverContext, DriverRun, RaisedEvent } from '#edge/driver.ts';
import { type Edge, startEdge } from '#edge/start.ts';
import type { AlarmMessage, AlarmReport } from '#protocols/messages/alarm.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import type { StateLaneMessage } from '#protocols/messages/state.ts';
import type { TelemetryMessage } from '#protocols/messages/telemetry.ts';
import { reply } from '#protocols/messages/command.ts';
import { parseTopic } from '#protocols/messages/topics.ts';
import type { LampState, Origin } from '#protocols/signal.ts';

/** A clock that only moves when the test says so. Its wall stands off the cloud's by `skew`. */
export class TestClock implements Clock {
  now = 1000;
  skew = 0;
  static readonly epoch = Date.UTC(2026, 10, 23, 8, 0, 0);
  #timers: { at: number; call: () => void }[] = [];

  wall = () => TestClock.epoch + this.now + this.skew;
  cloudTime = () => TestClock.epoch + this.now;
  monotonic = () => this.now;
  after(ms: number, then: () => void) {
    const timer = { at: this.now + ms, call: then };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((t) => t !== timer));
  }

  /** Lets `ms` pass, timer by timer, and lets everything that follows settle. */
  async pass(ms: number) {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((t) => t !== next);
      this.now = Math.max(this.now, next.at);
      next.call();
      await settle();
    }
    this.now = end;
  }

  /** A long time passes at once: what was due in it is late. */
  async skip(ms: number) {
    this.now += ms;
    await this.pass(120_000);
  }

  /** A dead process has no timers. */
  kill() {
    this.#timers = [];
  }
}

/** Where the numbers of a new epoch begin: every fraction that is drawn here is one half. */
export const firstN = 5000;

export async function settle() {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

export type DiskFault = 'none' | 'silent' | 'failing' | 'unopenable' | 'dead' | 'full';

/** SQLite in memory: what was committed outlives the process that did it. */
export class TestDisk {
  readonly #files = new Map<string, DatabaseSync>();
  fault: DiskFault = 'none';
  commits = 0;
  opened = 0;
  inUse = false;
  /** The check of the whole file finds mistakes; rows can still be read. */
  unsound = false;
  workersKilled = 0;
  readonly damaged = new Set<DatabaseSync>();
  readonly aside: string[] = [];
  /** Bytes free while it is not full, bytes held back, and commits that what was held back makes room for. */
  free = 1e9;
  held = 0;
  roomInReserve = 20;
  room = 0;
  /** Commits that a silent disk holds back. */
  #held: (() => void)[] = [];

  port(): DatabasePort & { dead: boolean } {
    const life = {
      dead: false,
      open: async (name: string, _durability: unknown, schema: string): Promise<Database> => {
        this.opened++;
        if (this.fault === 'unopenable') throw new Error('no such disk');
        if (this.fault === 'dead') throw new DatabaseError('io', 'disk I/O error');
        if (this.inUse) throw new DatabaseError('in-use', `${name} is in use by another process`);
        const db = this.#files.get(name) ?? new DatabaseSync(':memory:');
        this.#files.set(name, db);
        db.exec(schema);
        const file = new SqliteFile(db);
        let closed = false;
        const workers = this.workersKilled;
        const alive = () => {
          if (life.dead || closed) throw new Error('closed');
          if (workers !== this.workersKilled) throw new DatabaseError('closed', 'lost its worker thread');
          if (this.fault === 'dead') throw new DatabaseError('io', 'disk I/O error');
          if (this.damaged.has(db)) throw new DatabaseError('corrupt', 'disk image is malformed');
        };
        return {
          read: async <T>(sql: string, params: Parameters<Database['read']>[1] = []) => {
            alive();
            if (this.unsound && sql.startsWith('PRAGMA quick_check') && !this.aside.length) {
              return [{ quick_check: 'wrong # of entries in index' }] as T[];
            }
            return file.read(boundStatement({ sql, params })) as T[];
          },
          commit: async (statements) => {
            alive();
            if (this.fault === 'full' && this.room-- <= 0) {
              throw new DatabaseError('full', 'database or disk is full');
            }
            if (this.fault === 'failing') throw new Error('disk I/O error');
            const bound = statements.map(boundStatement);
            if (this.fault === 'silent') await new Promise<void>((done) => this.#held.push(done));
            alive();
            this.commits++;
            return file.commit(bound);
          },
          async close() {
            closed = true;
          },
        };
      },
    };
    return life;
  }

  diskPort(): DiskPort {
    return {
      setAside: async (name, at) => {
        const aside = `${name}.damaged-${at}`;
        this.#files.set(aside, this.#files.get(name)!);
        this.#files.delete(name);
        this.aside.push(aside);
        return aside;
      },
      freeBytes: async () => (this.fault === 'full' ? 0 : this.free),
      holdBack: async (bytes) => {
        if (bytes > 0 && this.fault === 'full') throw new DatabaseError('full', 'no space left');
        if (bytes === 0 && this.held > 0) this.room = this.roomInReserve;
        this.held = bytes;
      },
    };
  }

  /** Bad bits in the whole file: whoever touches it is told so. */
  ruin(name = 'alarms') {
    this.damaged.add(this.#files.get(name)!);
  }

  /** The disk answers again. */
  heal() {
    this.fault = 'none';
    for (const done of this.#held.splice(0)) done();
  }

  rows(sql: string, file = 'alarms') {
    return this.#files.get(file)!.prepare(sql).all() as Record<string, unknown>[];
  }

  /** A new card. */
  clear() {
    this.#files.clear();
  }

  /** Bad bits in the row of the alarm `n`. */
  damage(n: number) {
    this.#files
      .get('alarms')!
      .prepare("UPDATE alarms SET record = '{' WHERE name LIKE ?")
      .run(`%.alarm.${n}`);
  }
}

/** The broker and a cloud that says what the test wants it to. */
export class TestCloud {
  readonly #clock: TestClock;
  #links: MqttLinkOptions[] = [];
  readonly #raised = new WeakSet<MqttLinkOptions>();
  #up = true;
  epoch = 'cloud-1';
  /** What it answers to a copy by itself; null: nothing. */
  answers: 'stored' | 'delivered' | 'refused' | null = 'delivered';
  answersReports = true;
  answersBirths = true;
  highestN = 0;
  alarms: AlarmMessage[] = [];
  reports: AlarmReport[] = [];
  states: StateLaneMessage[] = [];
  telemetry: TelemetryMessage[] = [];
  raw: { topic: string; payload: Uint8Array }[] = [];
  #reported = new Map<string, number>();
  readonly clientIds: string[] = [];

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  connect = (options: MqttLinkOptions) => {
    this.#links.push(options);
    this.clientIds.push(options.clientId);
    const isUp = () => this.#up && this.#raised.has(options) && this.#links.includes(options);
    this.#clock.after(1, () => this.#raise(options));
    return {
      get up() {
        return isUp();
      },
      publish: async (topic: string, payload: string) => {
        if (!isUp()) throw new Error('the link is down');
        const bytes = new TextEncoder().encode(payload);
        this.#clock.after(2, () => this.#take(topic, bytes));
      },
      close: async () => {
        this.#links = this.#links.filter((l) => l !== options);
      },
    };
  };

  /** The links of a process that has died. */
  forget() {
    this.#links = [];
  }

  cut() {
    this.#up = false;
    for (const link of this.#links) link.onDown('cut');
  }

  mend() {
    this.#up = true;
    for (const link of this.#links) this.#raise(link);
  }

  down() {
    this.#up = false;
  }

  #raise(link: MqttLinkOptions) {
    if (!this.#links.includes(link)) return;
    link.will?.();
    if (this.#up) {
      this.#raised.add(link);
      link.onUp();
    } else link.onDown('no broker');
  }

  send(message: Record<string, unknown>, lane = 'receipt') {
    const payload = new TextEncoder().encode(JSON.stringify(message));
    this.#clock.after(2, () => {
      for (const link of this.#links) {
        const topic = link.subscribe.find((t) => parseTopic(t)?.lane === lane);
        if (topic && this.#up) link.onMessage(topic, payload);
      }
    });
  }

  receipt(
    alarm: Pick<AlarmMessage, 'name' | 'digest'>,
    state: 'stored' | 'delivered' | 'ended',
    more: Partial<Extract<ReceiptLaneMessage, { kind: 'alarm-receipt' }>> = {},
  ) {
    const centre = { centre: 'city-110', door: 'dc09', primary: true, path: 'cloud' as const };
    this.send({
      kind: 'alarm-receipt',
      ...this.#stamp(),
      name: alarm.name,
      digest: alarm.digest,
      state,
      centres: state === 'delivered' ? [{ ...centre, reference: 'ack', at: 1, raw: '41' }] : [],
      echo_sent_at: null,
      reported: this.#reported.get(`${alarm.name.epoch}.${alarm.name.n}`) ?? 0,
      log_head: null,
      ...more,
    });
  }

  #stamp() {
    const now = Math.round(this.#clock.cloudTime());
    return { cloud_epoch: this.epoch, received_at: now, sent_at: now };
  }

  stamp() {
    return this.#stamp();
  }

  #take(topic: string, payload: Uint8Array) {
    if (!this.#up) return;
    this.raw.push({ topic, payload });
    const message = JSON.parse(new TextDecoder().decode(payload)) as
      AlarmMessage | AlarmReport | StateLaneMessage | TelemetryMessage;
    switch (message.kind) {
      case 'alarm':
        this.alarms.push(message);
        if (this.answers === 'refused') {
          const sha256 = createHash('sha256').update(payload).digest('hex');
          this.send({ kind: 'refused', ...this.#stamp(), sha256, reason: 'no' });
        } else if (this.answers) this.receipt(message, this.answers, { echo_sent_at: message.sent_at });
        break;
      case 'report': {
        this.reports.push(message);
        if (!this.answersReports || message.digest === '') break;
        this.#reported.set(`${message.name.epoch}.${message.name.n}`, message.revision);
        const known = message.direct.length > 0 || this.answers === 'delivered';
        if (this.answers !== 'refused') this.receipt(message, known ? 'delivered' : 'stored');
        break;
      }
      case 'birth':
      case 'heartbeat':
        this.states.push(message);
        if (this.answersBirths) {
          this.send({
            kind: 'birth-answer',
            ...this.#stamp(),
            session: message.session,
            echo_sent_at: message.sent_at,
            epoch: message.kind === 'birth' ? message.epoch : '',
            highest_n: this.highestN,
          });
        }
        break;
      case 'telemetry':
        this.telemetry.push(message);
        this.send({ kind: 'telemetry-receipt', ...this.#stamp(), epoch: message.epoch, n: message.n });
        break;
      default:
        this.states.push(message);
    }
  }
}

/** A way into 110 that does as it is told. */
export class TestDoor implements Door {
  readonly id = 'dc09';
  says: 'receipt' | 'next' | 'next-later' | 'nothing' = 'receipt';
  delivered: DoorSignal[] = [];
  readonly #clock: TestClock;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  deliver(signal: DoorSignal): Promise<DoorResult> {
    this.delivered.push(signal);
    if (this.says === 'nothing') return new Promise(() => {});
    if (this.says === 'next-later') {
      return new Promise((done) => {
        this.#clock.after(500, () => done({ kind: 'next', fault: 'silent', reason: 'no answer' }));
      });
    }
    if (this.says === 'next') return Promise.resolve({ kind: 'next', fault: 'silent', reason: 'no answer' });
    return Promise.resolve({
      kind: 'receipt',
      reference: `ack ${signal.sequence}`,
      at: Math.round(this.#clock.wall()),
      raw: new Uint8Array([0x41]),
    });
  }
  known: Supervision = { state: 'unknown' };
  supervision() {
    return this.known;
  }
  async close() {}
}

/** A driver whose devices the test plays. */
export class TestDriver implements Driver {
  readonly name = 'fake';
  readonly wires = ['tty'] as const;
  readonly device: z.ZodType<DeviceBase> = deviceBase.extend({ driver: z.literal('fake') });
  context!: DriverContext;
  starts = 0;
  throwsAtStart = false;
  /** Whether units confirm their lamps by themselves. */
  confirms = true;
  hasLamp = true;
  takesActs = true;
  /** What a unit does when it is asked to test itself. */
  selfTest: () => Promise<ActResult> = () => Promise.resolve({ detail: 'passed', facts: { loop_ms: 12 } });
  lamps: { device: string; origin: Origin; state: LampState; confirm: () => void }[] = [];

  describe() {
    return { kind: 'button', alarms: true, acts: ['self-test'] } as const;
  }

  configure() {
    return [];
  }

  start(context: DriverContext): DriverRun {
    this.starts++;
    this.context = context;
    if (this.throwsAtStart) throw new Error('no wire');
    const lamp = (device: string, origin: Origin, state: LampState, confirmed: (at: number) => void) => {
      const confirm = () => confirmed(context.clock.monotonic());
      this.lamps.push({ device, origin, state, confirm });
      return this.confirms ? context.clock.after(5, confirm) : () => {};
    };
    const act = () => this.selfTest();
    return { ...(this.hasLamp ? { lamp } : {}), ...(this.takesActs ? { act } : {}), close: async () => {} };
  }
}

let counter = 0;

/** An edge in a world that the test rules: disk and cloud outlive the edge. */
export class World {
  readonly clock = new TestClock();
  readonly disk = new TestDisk();
  readonly cloud = new TestCloud(this.clock);
  door = new TestDoor(this.clock);
  driver = new TestDriver();
  /** Not in every world. */
  http: HttpPort | null = null;
  logged: { level: string; message: string; fields: Record<string, unknown> | undefined }[] = [];
  edge!: Edge;
  #life: { dead: boolean } | null = null;
  #seed = 1;

  config(changes: Record<string, unknown> = {}): EdgeConfig {
    const parsed = parseEdgeConfig(
      {
        campus: 'school',
        gateway: 'gate',
        account: '1100',
        direct: { centre: 'city-110', door: { id: 'dc09', kind: 'dc09', host: '127.0.0.1', port: 1 } },
        devices: [
          { id: 'north', driver: 'fake', address: '/dev/ttyFAKE0', zone: 1 },
          { id: 'south', driver: 'fake', address: '/dev/ttyFAKE0', zone: 2 },
        ],
        ...changes,
      },
      [this.driver],
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.config;
  }

  async start(config: EdgeConfig = this.config()): Promise<this> {
    const databases = this.disk.port();
    this.#life = databases;
    const log = this.#log();
    const ports: Ports = {
      clock: this.clock,
      random: {
        fraction: () => 0.5,
        bytes: (count) => createHash('sha256').update(`random ${this.#seed++}`).digest().subarray(0, count),
      },
      databases,
      disk: this.disk.diskPort(),
      mqtt: { connect: this.cloud.connect },
      streams: { open: () => Promise.reject(new Error('no wires here')) },
      listening: { listen: () => Promise.reject(new Error('nobody dials in here')) },
      log,
      ...(this.http && { http: this.http }),
    };
    const starting = startEdge(ports, config, () => this.door);
    const progress = { running: false };
    const over = () => void (progress.running = true);
    void starting.then(over, over);
    for (let i = 0; i < 20 && !progress.running; i++) await this.clock.pass(i === 0 ? 0 : 500);
    this.edge = await starting;
    await this.clock.pass(10);
    return this;
  }

  /** kill -9, and a start after `downMs`. */
  async restart(downMs = 100, config?: EdgeConfig) {
    this.kill();
    await this.clock.pass(downMs);
    return this.start(config);
  }

  kill() {
    this.clock.kill();
    this.cloud.forget();
    this.#life!.dead = true;
    this.driver = Object.assign(new TestDriver(), {
      lamps: this.driver.lamps,
      confirms: this.driver.confirms,
      hasLamp: this.driver.hasLamp,
    });
  }

  /** Sends a command down; what the edge has replied to it is in `replies`. */
  command(command: Record<string, unknown>) {
    const id = `command-${++counter}`;
    this.cloud.send({ id, expires_at: Math.round(this.clock.cloudTime() + 60_000), ...command }, 'command');
    return id;
  }

  get replies() {
    return this.cloud.raw
      .filter(({ topic }) => parseTopic(topic)?.lane === 'reply')
      .map(({ payload }) => reply.parse(JSON.parse(new TextDecoder().decode(payload))));
  }

  /** A new press, or a copy of one. Its host-ack, when it comes, is put into `acked`. */
  press(raised: Partial<RaisedEvent> = {}) {
    const now = this.clock.monotonic();
    const origin = { serial: 7, boot: 1, counter: ++counter, type: 'press' as const };
    const event: RaisedEvent = {
      device: 'north',
      type: 'press',
      mode: 'real',
      origin,
      silent: false,
      ageMs: 30,
      firstByteAt: now,
      decodedAt: now + 1,
      ...raised,
    };
    const press = { event, acked: null as LampState | null };
    void this.driver.context.event(event).then((lamp) => (press.acked = lamp));
    return press;
  }

  #log(): Log {
    const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
      this.logged.push({ level, message, fields });
    };
    const log: Log = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => log,
    };
    return log;
  }
}
