import type { Randomness } from '#platform/ports.ts';
import { sequences } from '#protocols/signal.ts';

/** How many names are reserved at once. A crash skips what is left of a block. */
export const blockSize = 100;

export interface Reservation {
  epoch: string;
  /** The highest n that may be in use. */
  reserved: number;
}

/**
 * Hands out (epoch, n) without waiting for the disk. A name of a known epoch is only handed out once its block
 * is reserved durably. A new epoch is random, so its first block is safe before anything is written: should the
 * process die first, nobody will ever name anything in that epoch again. Hence a disk that takes no more
 * reservations costs a new epoch for each block, never a press.
 */
export class Names {
  readonly #random: Randomness;
  #epoch = '';
  #next = 1;
  #reserved = 0;

  constructor(random: Randomness, kept: Reservation | null) {
    this.#random = random;
    if (kept) {
      this.#epoch = kept.epoch;
      this.#next = kept.reserved + 1;
      this.#reserved = kept.reserved;
    } else this.beginEpoch();
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** The highest n that may have been used in this epoch. */
  get highest(): number {
    return this.#next - 1;
  }

  take(): { epoch: string; n: number } {
    if (this.#next > this.#reserved) this.beginEpoch();
    return { epoch: this.#epoch, n: this.#next++ };
  }

  /**
   * Its numbers begin anywhere among the sequences of DC-09, not at 1. A gateway that does not know the time sends
   * no [H]: then presses of two epochs at one zone differ by their sequence alone, and a receiver would take the
   * first press of the second epoch for a repeat of the first press of the first, and drop a real alarm.
   */
  beginEpoch(): void {
    this.#epoch = Buffer.from(this.#random.bytes(8)).toString('hex');
    this.#next = 1 + Math.floor(this.#random.fraction() * sequences);
    this.#reserved = this.#next - 1 + blockSize;
  }

  /** What should stand on the disk: half a block ahead of need. */
  wanted(): Reservation {
    const left = this.#reserved - this.#next + 1;
    return {
      epoch: this.#epoch,
      reserved: left > blockSize / 2 ? this.#reserved : this.#next - 1 + blockSize,
    };
  }

  /** The disk has taken this reservation. */
  granted({ epoch, reserved }: Reservation): void {
    if (epoch === this.#epoch && reserved > this.#reserved) this.#reserved = reserved;
  }
}
