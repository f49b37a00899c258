import { parseContactId } from '#protocols/contact-id.ts';
import type { CentreFrame, FrameStore } from '#sim/centre/frame-store.ts';
import { laneOf } from './ledger.ts';

/** (account, sequence, data, [H]): what 110 tells incidents apart by. */
export type Identity = string;

export function identityOf({
  account,
  sequence,
  data,
  h,
}: Pick<CentreFrame, 'account' | 'sequence' | 'data' | 'h'>): Identity {
  return JSON.stringify([account, sequence, data, h]);
}

/** Which point of the campus a frame is about, as `zone code`. */
export function pointOf(frame: CentreFrame): string {
  const event = parseContactId(frame.data);
  return event === undefined ? frame.data : `${event.zone} ${event.code}`;
}

/** What a centre holds, kept as it comes in: it acknowledges nothing that is not in here. */
export class CentreBook implements FrameStore {
  readonly #frames: CentreFrame[] = [];
  /** Of each identity, the place of its first frame, what it is about, and when (virtual ms) its frames came. */
  readonly identities = new Map<Identity, { first: number; point: string; times: number[] }>();
  /** How many different identities are of one lane. */
  readonly #inLane = new Map<string, number>();
  readonly #onFrame: (frame: CentreFrame) => void;
  readonly #now: () => number;

  constructor(now: () => number, onFrame: (frame: CentreFrame) => void) {
    this.#now = now;
    this.#onFrame = onFrame;
  }

  append(frame: CentreFrame): void {
    this.#frames.push(frame);
    const identity = identityOf(frame);
    const known = this.identities.get(identity);
    if (known !== undefined) known.times.push(this.#now());
    else {
      const point = pointOf(frame);
      this.identities.set(identity, { first: this.#frames.length - 1, point, times: [this.#now()] });
      const lane = laneOf(point);
      this.#inLane.set(lane, this.inLane(lane) + 1);
    }
    this.#onFrame(frame);
  }

  all(): readonly CentreFrame[] {
    return this.#frames;
  }

  inLane(lane: string): number {
    return this.#inLane.get(lane) ?? 0;
  }
}
