import type { DiskPort, Log } from '#platform/ports.ts';
import { DatabaseError } from '#platform/database-error.ts';
import { reasonOf } from '#platform/reason.ts';

/** Room for some five hundred presses on a disk that others have filled. */
export const reserveBytes = 4 * 1024 * 1024;
/** It is held back again only where so much stays free beside it, lest it be given up at the next commit. */
const roomBeside = 4 * reserveBytes;

export interface ReserveEvents {
  /** The disk is full: what was held back for alarms is given up for them, or gone. */
  full(): void;
  /** There is room again, and the reserve is held back. */
  roomAgain(): void;
}

/** A part of the disk that is kept for alarms: given up when the disk is full, taken back when there is room. */
export class Reserve {
  readonly #disk: DiskPort;
  readonly #log: Log;
  readonly #events: ReserveEvents;
  /** Unknown before the first try: an earlier life may have left it there. */
  #state: 'unknown' | 'held' | 'given-up' = 'unknown';
  #givingUp: Promise<boolean> | null = null;
  #busy = false;

  constructor({ disk, log }: { disk: DiskPort; log: Log }, events: ReserveEvents) {
    this.#disk = disk;
    this.#log = log;
    this.#events = events;
  }

  /** Makes room. False when there is nothing left to give up. */
  giveUp(): Promise<boolean> {
    this.#events.full();
    if (this.#state === 'given-up') return this.#givingUp ?? Promise.resolve(false);
    this.#state = 'given-up';
    const givingUp = this.#release().finally(() => (this.#givingUp = null));
    this.#givingUp = givingUp;
    return givingUp;
  }

  async #release(): Promise<boolean> {
    this.#log.error('the disk is full: the reserve is given up for alarms');
    try {
      await this.#disk.holdBack(0);
      return true;
    } catch (error) {
      this.#log.error('the reserve could not be given up', { reason: reasonOf(error) });
      return false;
    }
  }

  /** Holds it back where there is room. Never rejects. */
  async holdBack(): Promise<void> {
    if (this.#busy || this.#state === 'held') return;
    this.#busy = true;
    const first = this.#state === 'unknown';
    try {
      // At a start it may be there already, and then needs no room.
      if (!first && (await this.#disk.freeBytes()) < reserveBytes + roomBeside) return;
      await this.#disk.holdBack(reserveBytes);
      this.#state = 'held';
      this.#events.roomAgain();
    } catch (error) {
      if (this.#state === 'unknown') this.#state = 'given-up';
      this.#log.warn('no reserve is held back for alarms', { reason: reasonOf(error) });
      if (first && error instanceof DatabaseError && error.code === 'full') this.#events.full();
    } finally {
      this.#busy = false;
    }
  }
}
