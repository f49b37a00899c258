import type { Body } from '#protocols/button-frame/frame.ts';

/** After presses, in this order (docs/serial-protocol.md, section 8). */
const urgency = ['lamp-confirm', 'self-test-result', 'output-result', 'release', 'heartbeat'] as const;
/** Of each kind; a newer one takes the place of the oldest. */
const kept = 8;

/** What a unit on a bus has to say when it is polled next, beside its presses: one frame a poll. */
export function createOffered(): { add(body: Body): void; take(): Body } {
  let waiting: Body[] = [];
  return {
    add(body) {
      const same = waiting.filter((b) => b.type === body.type);
      // A heartbeat tells what is now: only the newest counts.
      const most = body.type === 'heartbeat' ? 1 : kept;
      if (same.length >= most) waiting = waiting.filter((b) => b !== same[0]);
      waiting.push(body);
    },
    take() {
      for (const type of urgency) {
        const found = waiting.find((b) => b.type === type);
        if (found === undefined) continue;
        waiting = waiting.filter((b) => b !== found);
        return found;
      }
      return { type: 'idle' };
    },
  };
}
