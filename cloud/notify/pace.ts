const minuteMs = 60_000;
/** Between two messages: what comes in the same moment goes into one. Shorter for what is about an alarm. */
const gapMs = { ordinary: 1_000, urgent: 250 };
/** Of the messages of a minute this share is kept for what is about an alarm. */
const reserve = 0.25;

/** Keeps a channel below what its other side takes in a minute. Times are monotonic ms. */
export class Pace {
  readonly #perMinute: number | null;
  #sent: number[] = [];
  #restUntil = 0;

  constructor(perMinute: number | null) {
    this.#perMinute = perMinute;
  }

  /** When the next message may go. */
  mayAt(now: number, urgent: boolean): number {
    if (this.#perMinute === null) return now;
    this.#sent = this.#sent.filter((at) => at > now - minuteMs);
    const most = urgent ? this.#perMinute : Math.max(1, Math.floor(this.#perMinute * (1 - reserve)));
    const full = this.#sent.length < most ? now : this.#sent.at(-most)! + minuteMs;
    const gap = (this.#sent.at(-1) ?? -minuteMs) + (urgent ? gapMs.urgent : gapMs.ordinary);
    return Math.max(now, full, gap, this.#restUntil);
  }

  sent(now: number): void {
    if (this.#perMinute !== null) this.#sent.push(now);
  }

  /** The other side asks for patience. */
  rest(now: number): void {
    this.#restUntil = now + minuteMs;
  }
}
