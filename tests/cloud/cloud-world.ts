import { createHash } from 'node:crypto';
import { type Cloud, startCloud } from '#cloud/start.ts';
import type { Outside } from '#cloud/notify/notify.ts';
import { type CloudConfig, cloudConfig } from '#cloud/config.ts';
import type { Door, DoorResult, DoorSignal, Supervision } from '#platform/doors/door.ts';
import type { FilePort, MqttLinkOptions, Ports, SqlValue } from '#platform/ports.ts';
import type { CityInventory } from '#protocols/inventory/campus.ts';
import type { AlarmMessage, AlarmReport } from '#protocols/messages/alarm.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import { digestOf, type SignalFacts, type SignalName } from '#protocols/signal.ts';
import { HandClock, MemoryDatabases, quiet, seeded, settle } from './fake-ports.ts';

/** A door that does as it is told: by default it gives a receipt at once. */
export class FakeDoor implements Door {
  readonly id: string;
  readonly taken: DoorSignal[] = [];
  state: Supervision = { state: 'unknown' };
  does: 'receipt' | 'unreachable' | 'refused' | 'nothing' | 'throw' = 'receipt';
  #pending: ((result: DoorResult) => void)[] = [];

  constructor(id: string) {
    this.id = id;
  }

  deliver(signal: DoorSignal): Promise<DoorResult> {
    this.taken.push(signal);
    if (this.does === 'throw') return Promise.reject(new Error('a mistake in the door'));
    if (this.does === 'nothing') return new Promise((resolve) => this.#pending.push(resolve));
    return Promise.resolve(this.#result(signal));
  }

  /** Gives the receipts that are due. */
  answer(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const resolve of pending)
      resolve({ kind: 'receipt', reference: 'late', at: 1, raw: Uint8Array.of(6) });
  }

  supervision = () => this.state;
  async close(): Promise<void> {}

  #result(signal: DoorSignal): DoorResult {
    if (this.does === 'receipt') {
      return {
        kind: 'receipt',
        reference: `${signal.account}/${signal.sequence}`,
        at: 1,
        raw: Uint8Array.of(6),
      };
    }
    return { kind: 'next', fault: this.does === 'refused' ? 'refused' : 'unreachable', reason: this.does };
  }
}

/** A cloud with a disk that outlives its crashes, two centres, and no network. */
export class CloudWorld {
  readonly clock = new HandClock();
  readonly disk = new MemoryDatabases();
  readonly first = new FakeDoor('first');
  readonly second = new FakeDoor('second');
  readonly other = new FakeDoor('only');
  /** All that the cloud has published, in order. */
  sent: { topic: string; message: ReceiptLaneMessage }[] = [];
  cloud!: Cloud;
  /** The disk writes, and its answers are lost. */
  answersLost = false;
  /** Of the primary centre. */
  takesTests = true;
  /** What a test wants otherwise than `config`. */
  more: Partial<CloudConfig> = {};
  outside: Outside = {};
  /** Not in every world. */
  files: FilePort | null = null;
  /** Null: there is none. */
  inventory: CityInventory | null = null;
  readonly #campuses: CloudConfig['campuses'];
  #links: MqttLinkOptions[] = [];
  #life = { dead: false };
  #seed = 1;

  constructor(campuses: CloudConfig['campuses'] = []) {
    this.#campuses = campuses;
  }

  async start(): Promise<void> {
    const life = { dead: false };
    this.#life = life;
    this.#links = [];
    const links = this.#links;
    const ports: Ports = {
      clock: {
        wall: this.clock.wall,
        monotonic: this.clock.monotonic,
        after: (ms, then) => this.clock.after(ms, () => life.dead || then()),
      },
      random: seeded((this.#seed += 1)),
      log: quiet,
      streams: { open: () => Promise.reject(new Error('no network here')) },
      listening: { listen: () => Promise.reject(new Error('nobody dials in here')) },
      databases: {
        open: async (...args) => {
          const database = await this.disk.open(...args);
          const alive = () => {
            if (life.dead) throw new Error('this process is dead');
          };
          return {
            ...database,
            read: async (sql, params) => (alive(), database.read(sql, params)),
            commit: async (statements) => {
              alive();
              const results = await database.commit(statements);
              if (this.answersLost) throw new Error('the disk answered too late');
              return results;
            },
          };
        },
      },
      disk: {
        setAside: () => Promise.reject(new Error('nothing is damaged here')),
        freeBytes: async () => 1e9,
        holdBack: async () => {},
      },
      ...(this.files && { files: this.files }),
      mqtt: {
        connect: (options) => {
          links.push(options);
          queueMicrotask(() => options.onUp());
          return {
            up: true,
            publish: async (topic, payload) => {
              if (!life.dead) this.sent.push({ topic, message: JSON.parse(payload) });
            },
            close: async () => {},
          };
        },
      },
    };
    this.cloud = await startCloud(
      ports,
      { ...config, campuses: this.#campuses, ...this.more },
      {
        inventoryFiles: this.inventory,
        ...this.outside,
        centres: [
          {
            id: 'police',
            name: { zh: '市公安局 110 接警中心', en: 'City police 110 centre' },
            primary: true,
            takesTests: this.takesTests,
            doors: [
              { kind: 'fake', door: this.first },
              { kind: 'fake', door: this.second },
            ],
          },
          {
            id: 'guards',
            name: null,
            primary: false,
            takesTests: true,
            doors: [{ kind: 'fake', door: this.other }],
          },
        ],
      },
    );
    await this.cloud.fourHundred.settled();
    await settle();
  }

  /** The process is gone, at once: nothing of it writes, sends or fires any more. */
  crash(): void {
    this.#life.dead = true;
  }

  /** Delivers to the cloud as the broker would, without waiting. */
  publish(topic: string, payload: string | Uint8Array): void {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    for (const link of this.#links) {
      const hits = link.subscribe.some((filter) =>
        new RegExp(`^${filter.replaceAll('+', '[^/]+')}$`).test(topic),
      );
      if (hits) link.onMessage(topic, bytes);
    }
  }

  /** Declares a drill of half an hour with these devices. */
  drill(devices: string[], gateway = 'gate'): Promise<string> {
    const from = this.clock.wall();
    const about = { campus: 'school', gateway, devices, reason: 'practice', by: 'li' };
    return this.cloud.drills.declare({ ...about, from, to: from + 1_800_000 });
  }

  async says(message: AlarmMessage | AlarmReport): Promise<void> {
    this.publish(`belfry/v1/school/${message.name.gateway}/alarm`, JSON.stringify(message));
    await settle();
  }

  receipts(name?: SignalName) {
    return this.sent
      .map(({ message }) => message)
      .filter((message) => message.kind === 'alarm-receipt')
      .filter((message) => name === undefined || JSON.stringify(message.name) === JSON.stringify(name));
  }

  rows<T = Record<string, SqlValue>>(sql: string, ...params: string[]): T[] {
    return this.disk.files
      .get('cloud')!
      .prepare(sql)
      .all(...params) as T[];
  }

  openAlerts(): string[] {
    return this.rows<{ alert: string }>(
      `SELECT code || ' ' || subject AS alert FROM alerts WHERE closed_at IS NULL ORDER BY id`,
    ).map(({ alert }) => alert);
  }
}

export const config = cloudConfig.parse({
  // Slow alarms have tests of their own.
  latency: { bound_ms: 86_400_000 },
  centres: [
    { id: 'police', primary: true, doors: [{ id: 'first', kind: 'dc09', host: '127.0.0.1', port: 1 }] },
  ],
});

export const epoch = '00112233445566aa';

export function nameOf(n: number, gateway = 'gate'): SignalName {
  return { gateway, epoch, lane: 'alarm', n };
}

/** A press of a button, as its first copy. `counter` is the finger: the same counter is the same press. */
export function press(
  world: CloudWorld,
  n: number,
  more: { counter?: number; facts?: Partial<SignalFacts>; message?: Partial<AlarmMessage> } = {},
): AlarmMessage {
  const facts: SignalFacts = {
    type: 'press',
    device: 'button-1',
    mode: 'real',
    occurred_at: world.clock.wall() - 100,
    clock_known: true,
    account: '1234',
    zone: 1,
    code: '120',
    origin: { serial: 7, boot: 1, counter: more.counter ?? n, type: 'press' },
    ...more.facts,
  };
  return {
    kind: 'alarm',
    session: 's',
    name: nameOf(n),
    digest: digestOf(facts),
    facts,
    age_at_first_byte_ms: 80,
    since_first_byte_ms: 20,
    crossed_restart: false,
    sent_at: world.clock.wall(),
    offset: { offset_ms: 0, error_ms: 1 },
    stages: { first_byte: 0, decoded: 1 },
    copy: 1,
    ...more.message,
  };
}

/** What the edge says when the primary has acknowledged it directly. */
export function directReport(alarm: AlarmMessage, more: Partial<AlarmReport> = {}): AlarmReport {
  return {
    kind: 'report',
    session: 's',
    name: alarm.name,
    digest: alarm.digest,
    revision: 1,
    sent_at: alarm.sent_at,
    direct: [
      {
        centre: 'police',
        door: 'first',
        primary: true,
        path: 'direct',
        reference: 'r',
        at: alarm.sent_at,
        raw: '06',
      },
    ],
    stages: { first_byte: 0, delivered: 1200 },
    lamp: 'delivered',
    crossed_restart: false,
    ...more,
  };
}

export function sha256(payload: string): string {
  return createHash('sha256').update(payload).digest('hex');
}
