import type { Clock } from '#platform/ports.ts';
import type { DeviceActName } from '#protocols/messages/command.ts';
import type { DeviceHealth, DeviceKind, DeviceReport } from '#protocols/messages/state.ts';

interface DeviceState {
  readonly id: string;
  readonly kind: DeviceKind;
  readonly driver: string;
  readonly heartbeat_s: number;
  readonly acts: readonly DeviceActName[];
  /** Where it shares one with others. */
  readonly wire?: string | undefined;
  heardAt: number | null;
  /** The unit that is mounted, by the serial number that it tells, and since when; null: none has told it. */
  unit: { serial: number; since: number } | null;
  health: DeviceHealth | null;
  /** Its last self-test failed: whatever it says of itself, it is at fault. */
  selfTest: Extract<DeviceHealth, { state: 'fault' }> | null;
  lineOpen: boolean;
  facts: DeviceReport['facts'];
  /** Heard or changed since it was last told. */
  news: boolean;
}

export type SelfTest = { passed: true } | { passed: false; reason: string };

/** What the edge knows of its devices. Knows no wire: drivers tell it, heartbeats take from it. */
export class Devices {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #states = new Map<string, DeviceState>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  add(device: {
    id: string;
    kind: DeviceKind;
    driver: string;
    heartbeat_s: number;
    acts: readonly DeviceActName[];
    wire?: string | undefined;
  }): void {
    const unheard = {
      heardAt: null,
      unit: null,
      health: null,
      selfTest: null,
      lineOpen: false,
      facts: {},
      news: true,
    };
    this.#states.set(device.id, { ...device, ...unheard });
  }

  heard(id: string, facts: DeviceReport['facts'] = {}): void {
    const state = this.#state(id);
    const now = this.#clock.monotonic();
    state.heardAt = now;
    const serial = typeof facts.serial === 'string' ? Number.parseInt(facts.serial, 16) : null;
    if (serial !== null && serial !== state.unit?.serial) state.unit = { serial, since: now };
    state.facts = { ...state.facts, ...facts };
    state.news = true;
  }

  health(id: string, health: DeviceHealth): void {
    const state = this.#state(id);
    state.news ||= JSON.stringify(health) !== JSON.stringify(state.health);
    state.health = health;
  }

  /** How its last self-test went: a failed one is a fault until one passes. */
  tested(id: string, result: SelfTest): void {
    const state = this.#state(id);
    state.news = true;
    state.selfTest = result.passed
      ? null
      : {
          state: 'fault',
          reason: { zh: `自检未通过：${result.reason}`, en: `It failed its self-test: ${result.reason}` },
        };
  }

  line(id: string, open: boolean): void {
    const state = this.#state(id);
    state.news ||= open !== state.lineOpen;
    state.lineOpen = open;
  }

  /**
   * Milliseconds since the last proof of life of this device, where it is one of these units (by serial number); since
   * our own start when it gave none. A unit in whose place another is heard has been silent since that came.
   */
  silentFor(id: string, units: readonly number[]): number {
    const { heardAt = null, unit = null } = this.#states.get(id) ?? {};
    const replaced = unit !== null && !units.includes(unit.serial);
    return this.#clock.monotonic() - (replaced ? unit.since : (heardAt ?? this.#startedAt));
  }

  /** Every device, for a birth. */
  all(): DeviceReport[] {
    return [...this.#states.values()].map((state) => this.#report(state));
  }

  /** Those with news since they were last told, for a heartbeat. */
  news(): DeviceReport[] {
    const fresh = [...this.#states.values()].filter((state) => state.news);
    for (const state of fresh) state.news = false;
    return fresh.map((state) => this.#report(state));
  }

  #report(state: DeviceState): DeviceReport {
    return {
      id: state.id,
      kind: state.kind,
      driver: state.driver,
      heartbeat_s: state.heartbeat_s,
      heard_ago_ms: state.heardAt === null ? null : Math.max(0, this.#clock.monotonic() - state.heardAt),
      health: state.health?.state === 'offline' ? state.health : (state.selfTest ?? state.health),
      line_open: state.lineOpen,
      ...(state.wire !== undefined && { wire: state.wire }),
      facts: state.facts,
      acts: [...state.acts],
    };
  }

  #state(id: string): DeviceState {
    const state = this.#states.get(id);
    if (!state) throw new Error(`there is no device ${id} in the edge's file`);
    return state;
  }
}
