import { backoff } from '#platform/backoff.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { Drill } from '#protocols/messages/command.ts';
import type { CloudClock } from '../uplink/offset.ts';

/** No drill lasts longer, ms. */
export const longestDrillMs = 2 * 3600 * 1000;
/** How well the cloud's clock must be known for a drill to hold, ms. */
const clockErrorMs = 2000;
/** A frame is some time on its line before its first byte is read, ms: a press is that much older than it seems. */
const onTheLineMs = 500;
/** A press inside that comes late is still known as one for so long after the end, ms. */
const rememberedMs = 600_000;
const drillsKept = 100;
const retry = { firstMs: 250, maxMs: 30_000 };

interface Held {
  readonly drill: Drill;
  /** Monotonic end: a clock of the cloud that is set back makes no drill longer. Null: not worked out yet. */
  endsBy: number | null;
  /** It is on our disk: only then is it confirmed, and only then does it hold. */
  kept: boolean;
}

export interface DrillSurroundings {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly cloudClock: Pick<CloudClock, 'at' | 'estimate'>;
  /** Writes the drills to the outbox's file. Rejects when they are not durable. */
  keep(drills: readonly Drill[]): Promise<void>;
}

/**
 * The declared drills: plain presses inside one are no alarm for 110. In every doubt (the clock, the edges of its
 * time, the disk) it does not hold, and a press is real.
 */
export class Drills {
  readonly #around: DrillSurroundings;
  readonly #held = new Map<string, Held>();
  /** Ended in this life: a file that is opened late does not bring them back. */
  readonly #ended = new Set<string>();
  #closed = false;

  constructor(around: DrillSurroundings) {
    this.#around = around;
  }

  resume(drills: readonly Drill[]): void {
    for (const drill of drills) {
      if (this.#ended.has(drill.id) || this.#held.has(drill.id)) continue;
      this.#held.set(drill.id, { drill, endsBy: null, kept: true });
    }
  }

  /** Resolves when it is durable, which confirms it. Rejects with a sentence when this edge cannot hold it. */
  async declare(drill: Drill): Promise<void> {
    const { clock, cloudClock, log } = this.#around;
    // A copy of its declaration that was overtaken by its end.
    if (this.#ended.has(drill.id)) throw new Error('the drill was ended before');
    if (drill.to <= drill.from) throw new Error('the drill ends before it begins');
    if (drill.to - drill.from > longestDrillMs) throw new Error('a drill lasts 2 hours at most');
    if (this.#error() === null) throw new Error("the gateway's clock is not known to 2 s");
    const now = cloudClock.at(clock.monotonic());
    if (drill.to <= now) throw new Error('the drill is over already');
    this.#forgetOld(now);
    if (this.#held.size >= drillsKept && !this.#held.has(drill.id)) {
      throw new Error(`the gateway holds ${drillsKept} drills already`);
    }
    const held: Held = { drill, endsBy: clock.monotonic() + drill.to - now, kept: false };
    const before = this.#held.get(drill.id);
    this.#held.set(drill.id, held);
    try {
      await this.#keep();
    } catch (error) {
      if (this.#held.get(drill.id) === held) {
        if (before) this.#held.set(drill.id, before);
        else this.#held.delete(drill.id);
        // Whether or not the disk took it.
        void this.#keepInTheEnd();
      }
      throw new Error(`the gateway could not keep the drill: ${reasonOf(error)}`, { cause: error });
    }
    if (this.#ended.has(drill.id)) throw new Error('the drill was ended meanwhile');
    held.kept = true;
    log.info('a drill is declared', {
      drill: drill.id,
      devices: drill.devices,
      from: drill.from,
      to: drill.to,
    });
  }

  /** Holds no longer from this moment, whatever the disk says. */
  end(id: string): void {
    this.#held.delete(id);
    this.#ended.add(id);
    this.#around.log.info('a drill is ended', { drill: id });
    void this.#keepInTheEnd();
  }

  /** Whether a plain press of this device at this monotonic time is a drill. */
  covers(device: string, pressedAt: number): boolean {
    return [...this.#held.values()].some(
      (held) => held.drill.devices.includes(device) && this.#holdsAt(held, pressedAt),
    );
  }

  /** Ids of those that hold now. */
  holding(): string[] {
    const now = this.#around.clock.monotonic();
    return [...this.#held.values()].filter((held) => this.#holdsAt(held, now)).map(({ drill }) => drill.id);
  }

  close(): void {
    this.#closed = true;
  }

  #holdsAt(held: Held, monotonic: number): boolean {
    const { clock, cloudClock } = this.#around;
    const error = this.#error();
    if (error === null || !held.kept) return false;
    const now = clock.monotonic();
    held.endsBy ??= now + Math.min(longestDrillMs, held.drill.to - cloudClock.at(now));
    const at = cloudClock.at(monotonic);
    return (
      at - error - onTheLineMs >= held.drill.from && at + error < held.drill.to && monotonic < held.endsBy
    );
  }

  /** How far off the cloud's clock may be, ms; null when that is too far. */
  #error(): number | null {
    const estimate = this.#around.cloudClock.estimate();
    return estimate && estimate.error_ms <= clockErrorMs ? estimate.error_ms : null;
  }

  #forgetOld(now: number): void {
    for (const [id, { drill }] of this.#held) if (drill.to + rememberedMs < now) this.#held.delete(id);
  }

  #keep(): Promise<void> {
    return this.#around.keep([...this.#held.values()].map(({ drill }) => drill));
  }

  async #keepInTheEnd(): Promise<void> {
    const { clock, log, random } = this.#around;
    const pace = backoff(retry, random);
    while (!this.#closed) {
      try {
        await this.#keep();
        return;
      } catch (error) {
        log.warn('the end of a drill is not on disk', { reason: reasonOf(error) });
      }
      await new Promise<void>((done) => {
        clock.after(pace.next(), done);
      });
    }
  }
}
