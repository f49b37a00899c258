import { realListening, realStreams } from '#platform/real/streams.ts';
import type { CentreClock, DoorResult, DoorSignal } from '#platform/doors/door.ts';
import { type Dc09DoorConfig, dc09Door, dc09DoorConfig } from '#platform/doors/dc09.ts';
import type { Clock, Log, LogFields } from '#platform/ports.ts';
import { startCentre } from '#sim/centre/centre.ts';
import { memoryFrameStore } from '#sim/centre/frame-store.ts';

/** A clock that stands until it is moved. */
export function manualClock(wall = Date.UTC(2026, 8, 1, 8, 0, 0)) {
  const timers = new Set<{ due: number; run: () => void }>();
  let now = 0;
  const clock: Clock = {
    wall: () => wall + now,
    monotonic: () => now,
    after(ms, then) {
      const timer = { due: now + ms, run: then };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  return {
    clock,
    armed: () => timers.size,
    advance(ms: number) {
      const end = now + ms;
      for (;;) {
        const next = [...timers].filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.due);
        next.run();
      }
      now = end;
    },
  };
}

export function recordingLog() {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return { log, lines };
}

/** A door and a simulated centre on either end of real TCP, on one clock that the test moves. */
export async function doorAndCentre(config: Partial<Dc09DoorConfig> = {}) {
  const time = manualClock();
  const { log, lines } = recordingLog();
  const centreClock: CentreClock = { offsetMs: 0 };
  const centre = await startCentre(
    { listen: realListening, clock: time.clock, log: recordingLog().log, store: memoryFrameStore() },
    { host: '127.0.0.1', port: 0 },
  );
  const opened = { count: 0 };
  const door = dc09Door(
    dc09DoorConfig.parse({ id: 'main', kind: 'dc09', host: '127.0.0.1', port: centre.port, ...config }),
    {
      clock: time.clock,
      random: { fraction: () => 0.5, bytes: (n) => new Uint8Array(n) },
      streams: {
        open(...args) {
          opened.count++;
          return realStreams.open(...args);
        },
      },
      log,
      centreClock,
    },
  );
  return {
    ...time,
    centre,
    door,
    centreClock,
    lines,
    opened,
    /** A press of this moment. */
    signal(n: number, change: Partial<DoorSignal> = {}): DoorSignal {
      return {
        name: `school.0000000000000001.alarm.${n}`,
        digest: 'd'.repeat(64),
        type: 'press',
        mode: 'real',
        account: '1234',
        zone: 15,
        code: '120',
        sequence: n,
        occurredAt: time.clock.wall(),
        clockKnown: true,
        pressedAtMonotonic: time.clock.monotonic(),
        ...change,
      };
    },
    async close() {
      await door.close();
      await centre.close();
    },
  };
}

/** Whether a delivery has settled, without waiting for it. */
export function watch(delivery: Promise<DoorResult>) {
  const seen: { result?: DoorResult } = {};
  void delivery.then((result) => (seen.result = result));
  return seen;
}
