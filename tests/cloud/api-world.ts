import { startApi } from '#cloud/api/api.ts';
import type { ApiOptions, Api } from '#cloud/api/api.ts';
import type { CloudConfig } from '#cloud/config.ts';
import { createAlerts } from '#cloud/alerts/alerts.ts';
import { createAttention } from '#cloud/alerts/attention.ts';
import type { Alerts } from '#cloud/alerts/alerts.ts';
import { startCommands } from '#cloud/commands/commands.ts';
import type { Commands } from '#cloud/commands/commands.ts';
import type { Ended } from '#cloud/dispatch/ending.ts';
import { startDrills } from '#cloud/drills/drills.ts';
import type { Drills } from '#cloud/drills/drills.ts';
import { createFeed } from '#cloud/feed.ts';
import { FourHundred } from '#cloud/four-hundred/four-hundred.ts';
import { realSpreadsheets } from '#platform/real/spreadsheets.ts';
import { Register } from '#cloud/people/register.ts';
import { Inventory } from '#cloud/inventory/inventory.ts';
import { createIncidents } from '#cloud/incidents/incidents.ts';
import { startLiveness } from '#cloud/liveness/liveness.ts';
import type { Channels } from '#cloud/notify/notify.ts';
import { namesOf } from '#cloud/names.ts';
import type { Liveness } from '#cloud/liveness/liveness.ts';
import { Shedding } from '#cloud/ingest/shedding.ts';
import { openPictures, type Pictures } from '#cloud/pictures/pictures.ts';
import { picturesConfig } from '#cloud/pictures/config.ts';
import { recordsIn } from '#cloud/records/records.ts';
import { openStore } from '#cloud/store/store.ts';
import type { Store } from '#cloud/store/store.ts';
import type { FilePort, SqlValue } from '#platform/ports.ts';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import type { CityInventory } from '#protocols/inventory/campus.ts';
import type { ApiCentre } from '#protocols/api.ts';
import type { Command } from '#protocols/messages/command.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';
import { HandClock, MemoryDatabases, quiet, seeded } from './fake-ports.ts';

export const epoch = '00112233aabbccdd';

/** A cloud without its wires, and its API on a real port. */
export class ApiWorld {
  readonly clock = new HandClock();
  readonly token = 'secret-of-the-test';
  readonly centres: ApiCentre[] = [
    {
      id: 'city-110',
      name: { zh: '市公安局 110 接警中心', en: 'City police 110 centre' },
      primary: true,
      doors: [{ id: 'dc09', kind: 'dc09', supervision: 'unknown', since: null, round_trip_ms: null }],
    },
  ];
  readonly campuses: CloudConfig['campuses'] = [
    {
      id: 'school',
      name: { zh: '一小', en: 'First School' },
      gateways: [
        {
          id: 'gate',
          devices: [{ id: 'b1', name: { zh: '门卫', en: 'Gate house' }, kind: 'button' }],
        },
      ],
    },
  ];
  api!: Api;
  store!: Store;
  alerts!: Alerts;
  liveness!: Liveness;
  commands!: Commands;
  drills!: Drills;
  /** Commands that went down, in order. */
  readonly sent: Command[] = [];
  readonly warnings: string[] = [];
  readonly disk = new MemoryDatabases();
  /** Where pictures are kept; null: this cloud keeps none. */
  files: FilePort | null = null;
  /** Of cloud.yaml. */
  keeping: object = {};
  free = 1e12;
  pictures: Pictures | null = null;
  /** What comes of ending a delivery. */
  ends: Ended = 'unknown';
  fourHundred!: FourHundred;
  /** Null: there is none. */
  inventory: CityInventory | null = null;
  kept!: Inventory;
  people!: Register;
  channels: Channels = {
    list: async () => [],
    try: async () => null,
    rules: () => ({ time_zone: 'Asia/Shanghai', rules: [], escalation: null }),
  };
  #signals = 0;

  async start(options: Partial<ApiOptions> = {}): Promise<this> {
    const { clock } = this;
    this.store = await openStore({ clock, random: seeded(), databases: this.disk });
    const { store, campuses } = this;
    this.alerts = await createAlerts({ clock, random: seeded(), log: quiet, store });
    this.liveness = await startLiveness({
      clock,
      random: seeded(),
      log: quiet,
      store,
      alerts: this.alerts,
      campuses,
      send() {},
    });
    this.commands = await startCommands({
      clock,
      random: seeded(7),
      log: quiet,
      store,
      publish: (_campus, _gateway, message) => void this.sent.push(message),
    });
    const feed = createFeed(store);
    if (this.files) {
      this.pictures = await openPictures({
        ports: {
          clock,
          random: seeded(11),
          log: quiet,
          databases: this.disk,
          disk: {
            freeBytes: async () => this.free,
            setAside: () => Promise.reject(new Error('nothing is damaged here')),
            holdBack: async () => {},
          },
          files: this.files,
        },
        config: { pictures: picturesConfig.parse(this.keeping), campuses },
        store,
        feed,
        commands: this.commands,
        fleet: () => this.liveness,
      });
    }
    const names = namesOf(campuses);
    const { alerts, commands } = this;
    this.drills = await startDrills({ clock, random: seeded(9), log: quiet, store, alerts, commands, names });
    this.kept = await Inventory.open({ clock, log: quiet, store, files: this.inventory });
    this.people = await Register.open(store);
    this.fourHundred = await FourHundred.start({
      clock,
      log: quiet,
      store,
      liveness: this.liveness,
      inventory: this.kept,
      rules: readRules(),
      holidays: readHolidays(),
      personOf: (campus, card) => this.people.personOf(campus, card),
    });
    await this.fourHundred.settled();
    this.api = await startApi(
      {
        clock,
        log: { ...quiet, warn: (message) => void this.warnings.push(message) },
        store,
        feed,
        liveness: this.liveness,
        channels: this.channels,
        attention: await createAttention({ clock, log: quiet, store }),
        incidents: createIncidents({ clock, store }),
        centres: () => this.centres,
        telemetry: { query: async () => [{ at: 0, mean: 1, min: 1, max: 1, count: 1 }] },
        campuses,
        commands: this.commands,
        drills: this.drills,
        endDelivery: async () => this.ends,
        records: recordsIn({ store, clock }),
        pictures: this.pictures,
        inventory: this.kept,
        people: this.people,
        spreadsheets: realSpreadsheets(),
        fourHundred: this.fourHundred,
        densities: [],
        load: () => new Shedding(clock, seeded(), 1000, () => {}).load(),
        boundMs: 2000,
      },
      { host: '127.0.0.1', port: 0, token: this.token, ...options },
    );
    return this;
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.fourHundred.close();
    await this.pictures?.close();
    await this.liveness.close();
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.api.url + path, { headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.api.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** The gateway reports with these devices. */
  birth(devices: Partial<DeviceReport>[], gateway = 'gate'): void {
    this.liveness.onState(
      'school',
      gateway,
      {
        kind: 'birth',
        session: 's1',
        sent_at: 1,
        epoch,
        highest_n: 0,
        version: '1.0.0',
        account: 'AAAA',
        devices: devices.map((device) => ({
          id: 'b1',
          kind: 'button',
          driver: 'button',
          heartbeat_s: 30,
          acts: [],
          heard_ago_ms: 0,
          health: { state: 'good' },
          line_open: true,
          facts: {},
          ...device,
        })),
      },
      this.clock.wall(),
    );
  }

  /** Puts an alarm into the store as ingest would, and the word of it into the feed. Returns its name. */
  async alarm(columns: Record<string, SqlValue> = {}): Promise<string> {
    const n = (this.#signals += 1);
    const name = `gate.${epoch}.alarm.${n}`;
    const now = this.clock.wall();
    const row: Record<string, SqlValue> = {
      name,
      digest: 'd'.repeat(64),
      campus: 'school',
      gateway: 'gate',
      epoch,
      n,
      device: 'b1',
      type: 'press',
      mode: 'real',
      account: 'AAAA',
      zone: 1,
      code: '120',
      occurred_at: now - 150,
      clock_known: 1,
      age_at_ingest_ms: 150,
      age_at_first_byte_ms: 100,
      first_byte_at: now - 50,
      ingested_at: now,
      committed_at: now + 1,
      dispatched_at: null,
      delivered_at: null,
      edge_stages: JSON.stringify({ first_byte: 0, decoded: 1, stored_edge: 2, published: 3 }),
      ...columns,
    };
    const names = Object.keys(row);
    await this.store.commit(
      [
        {
          sql: `INSERT INTO signals (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
          params: Object.values(row),
        },
      ],
      [{ type: 'alarm', subject: name }],
    );
    return name;
  }
}
