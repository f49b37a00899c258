import type { PressRecord } from '#sim/button/press.ts';

/** The finger itself, in words of our own: the ledger must not rest on the code that it judges. */
export interface Finger {
  serial: number;
  boot: number;
  counter: number;
  type: string;
}

export function fingerText({ serial, boot, counter, type }: Finger): string {
  return `${serial.toString(16)}/${boot}/${counter}/${type}`;
}

/** Of a point (`zone code`): an alarm, real or of a drill, is one of the zone's alarms; tests and probes go apart. */
export function laneOf(point: string): string {
  const [zone, code] = point.split(' ');
  return `${zone} ${code === '601' || code === '602' ? code : 'alarm'}`;
}

/** What a person who stands beside the button would write down of one press. */
export interface Pressed {
  readonly finger: string;
  readonly unit: number;
  readonly type: string;
  /** Virtual ms. */
  readonly at: number;
  readonly silent: boolean;
  /** Drills that were over, by the gateway's own word, when it was made. */
  readonly over: ReadonlySet<string>;
  /** What 110 must be told of it while it is real (or a test), as `zone code`. */
  readonly point: string;
  /** Alarms of one zone are counted together, its tests apart. */
  readonly lane: string;
  ackedAt: number | null;
  litAt: number | null;
  /** Frames that the primary centre held when the lamp first said delivered; null: it never did. */
  heldWhenLit: number | null;
  /** Its unit still remembers it: its lamp can be lit. */
  remembered: boolean;
}

/** Every press of a day. The units themselves forget. */
export class Ledger {
  readonly #pressed = new Map<string, Pressed>();
  #all: Pressed[] = [];

  get all(): readonly Pressed[] {
    return this.#all;
  }

  pressed(
    finger: Finger,
    at: { now: number; unit: number; silent: boolean; over: ReadonlySet<string> },
  ): Pressed {
    const text = fingerText(finger);
    if (this.#pressed.has(text)) throw new Error(`pressed twice: ${text}`);
    const code = finger.type === 'test' ? '601' : at.silent ? '122' : '120';
    const pressed: Pressed = {
      finger: text,
      unit: at.unit,
      type: finger.type,
      at: at.now,
      silent: at.silent,
      over: at.over,
      point: `${at.unit + 1} ${code}`,
      lane: laneOf(`${at.unit + 1} ${code}`),
      ackedAt: null,
      litAt: null,
      heldWhenLit: null,
      remembered: true,
    };
    this.#pressed.set(text, pressed);
    this.#all.push(pressed);
    return pressed;
  }

  /** Reads what a unit shows; the callbacks come once for each press. */
  look(
    presses: readonly PressRecord[],
    now: number,
    held: number,
    seen: { acked(pressed: Pressed): void; lit(pressed: Pressed): void },
  ): void {
    for (const { origin, ackedAt, lamp } of presses) {
      const pressed = this.#pressed.get(fingerText(origin));
      if (pressed === undefined) throw new Error(`nobody pressed ${fingerText(origin)}`);
      if (ackedAt !== null && pressed.ackedAt === null) {
        pressed.ackedAt = now;
        seen.acked(pressed);
      }
      if (lamp === 'delivered' && pressed.heldWhenLit === null) {
        pressed.heldWhenLit = held;
        pressed.litAt = now;
        seen.lit(pressed);
      }
    }
  }

  /** Without power the unit forgets the presses that were host-acked; another unit knows of none. */
  unitForgets(unit: number, what: 'acked' | 'all'): void {
    for (const pressed of this.#all) {
      if (pressed.unit === unit && (what === 'all' || pressed.ackedAt !== null)) pressed.remembered = false;
    }
  }
}
