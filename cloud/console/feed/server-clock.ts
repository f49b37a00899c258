const kept = 16;

/**
 * What the server's wall clock says now, estimated from the `Date` header of its answers: that of the smallest
 * round trip of the last 16. The header has whole seconds, so the estimate is good to about half a second:
 * enough to say how long ago something was, never used for the latency to 110.
 */
export interface ServerClock {
  /** `sentAt` and `receivedAt`: browser wall clock, ms, around the request. */
  note(dateHeader: string | null, sentAt: number, receivedAt: number): void;
  /** The server's UTC ms at the browser's UTC ms `now`. */
  at(now: number): number;
}

export function createServerClock(): ServerClock {
  const samples: { roundTrip: number; offset: number }[] = [];
  let offset = 0;
  return {
    note(dateHeader, sentAt, receivedAt) {
      const date = Date.parse(dateHeader ?? '');
      if (Number.isNaN(date)) return;
      samples.push({ roundTrip: receivedAt - sentAt, offset: date + 500 - (sentAt + receivedAt) / 2 });
      if (samples.length > kept) samples.shift();
      offset = samples.reduce((best, next) => (next.roundTrip < best.roundTrip ? next : best)).offset;
      // Within the header's own resolution the two clocks are the same.
      if (Math.abs(offset) < 1000) offset = 0;
    },
    at: (now) => now + offset,
  };
}
