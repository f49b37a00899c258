import type { PressOrigin } from '#protocols/button-frame/frame.ts';
import { originText } from '#protocols/signal.ts';
import type { PressRecord } from '#sim/button/press.ts';

/** What a person who stands beside the button would write down of one press. */
export interface Pressed {
  readonly origin: string;
  readonly unit: number;
  acked: boolean;
  /** Frames that the primary centre held when the lamp first said delivered; null: it never did. */
  heldWhenLit: number | null;
  /** Its unit still remembers it: its lamp can be lit. */
  remembered: boolean;
}

/** Every press of a day. The units themselves forget. */
export class Ledger {
  readonly #pressed = new Map<string, Pressed>();

  get all(): Pressed[] {
    return [...this.#pressed.values()];
  }

  pressed(origin: PressOrigin, unit: number): void {
    const text = originText(origin);
    this.#pressed.set(text, { origin: text, unit, acked: false, heldWhenLit: null, remembered: true });
  }

  look(presses: readonly PressRecord[], held: number): void {
    for (const { origin, ackedAt, lamp } of presses) {
      const pressed = this.#pressed.get(originText(origin));
      if (pressed === undefined) throw new Error(`nobody pressed ${originText(origin)}`);
      pressed.acked ||= ackedAt !== null;
      if (lamp === 'delivered') pressed.heldWhenLit ??= held;
    }
  }

  /** Without power the unit forgets the presses that were host-acked. */
  unitRestarts(unit: number): void {
    for (const pressed of this.#pressed.values()) {
      if (pressed.unit === unit && pressed.acked) pressed.remembered = false;
    }
  }
}
