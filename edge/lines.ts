import type { BrokerPlace, BrokerServing, LoginNews, MqttLinkOptions, Ports } from '#platform/ports.ts';
import type { LampState } from '#protocols/signal.ts';
import { backoff } from '#platform/backoff.ts';
import type { ConfiguredLine } from './config.ts';
import type { Devices } from './devices.ts';
import type { DriverContext, DriverRun, RaisedEvent } from './driver.ts';
import { reasonOf } from '#platform/reason.ts';
import type { Turns } from './turns.ts';

const restart = { firstMs: 1000, maxMs: 60_000 };
/** A driver that ran for so long before it threw starts again at the short end of the back-off. */
const settledMs = 60_000;

/** What lines share. */
export interface LineWorld {
  ports: Ports;
  /** Turns for heavy work. */
  turns: Turns;
  /** Where the edge's own broker listens, where it has one. */
  localBroker: BrokerPlace | null;
}

/** Where what a driver says goes to. */
export interface LineEvents {
  event(raised: RaisedEvent): Promise<LampState>;
  level: DriverContext['level'];
  measure(device: string, field: string, value: number, unit: string): void;
  record: DriverContext['record'];
  picture?: DriverContext['picture'];
  /** The driver runs (again): lamps can be commanded. */
  started(devices: ReadonlySet<string>): void;
}

export interface RunningLine {
  readonly devices: ReadonlySet<string>;
  /** Null while the driver is not running. */
  readonly run: DriverRun | null;
  close(): Promise<void>;
}

/**
 * Runs a driver on its line. A driver that throws, at its start or in anything that it is called for later, is
 * closed and started again with back-off; the other lines do not notice.
 */
export function runLine(
  { ports, turns, localBroker }: LineWorld,
  { driver, line }: ConfiguredLine,
  known: Devices,
  to: LineEvents,
): RunningLine {
  const { clock } = ports;
  const devices = new Set(line.devices.map((d) => d.id));
  const log = ports.log.child({ driver: driver.name, line: line.devices[0]?.address });
  let run: DriverRun | null = null;
  let stop = new AbortController();
  const pace = backoff(restart, ports.random);
  let closed = false;

  function start(): void {
    if (closed) return;
    stop = new AbortController();
    const own = stop;
    const startedAt = clock.monotonic();
    const crashed = (error: unknown) => {
      if (own.signal.aborted) return;
      own.abort();
      log.error('a driver has thrown: it is started again', { reason: reasonOf(error) });
      for (const id of devices) {
        known.health(id, {
          state: 'fault',
          reason: {
            zh: `驱动异常，正在重启：${reasonOf(error)}`,
            en: `The driver is restarting: ${reasonOf(error)}`,
          },
        });
        known.line(id, false);
      }
      const old = run;
      run = null;
      void quietly(() => old?.close());
      if (clock.monotonic() - startedAt >= settledMs) pace.reset();
      clock.after(pace.next(), start);
    };
    try {
      run = driver.start(contextFor(own, crashed), line);
    } catch (error) {
      crashed(error);
      return;
    }
    to.started(devices);
  }

  /** A context that is deaf after the stop, and catches what the driver throws in the calls that come back. */
  function contextFor(own: AbortController, crashed: (error: unknown) => void): DriverContext {
    const guarded =
      <A extends unknown[]>(callback: (...args: A) => void) =>
      (...args: A) => {
        if (own.signal.aborted) return;
        try {
          callback(...args);
        } catch (error) {
          crashed(error);
        }
      };
    const mine = (device: string) => {
      if (!devices.has(device)) throw new Error(`device ${device} is not on this line`);
      return !own.signal.aborted;
    };
    return {
      clock: {
        wall: () => clock.wall(),
        monotonic: () => clock.monotonic(),
        after: (ms, then) => clock.after(ms, guarded(then)),
      },
      random: ports.random,
      streams: {
        open: (address, events, timeoutMs) =>
          ports.streams.open(
            address,
            {
              onData: guarded((bytes: Uint8Array, at: number) => events.onData(bytes, at)),
              onClose: guarded((reason: string) => events.onClose(reason)),
            },
            timeoutMs,
          ),
      },
      listening: {
        listen: (at, onConnection) =>
          ports.listening.listen(at, (stream, remote) => {
            const events = onConnection(stream, remote);
            return {
              onData: guarded((bytes: Uint8Array, readAt: number) => events.onData(bytes, readAt)),
              onClose: guarded((reason: string) => events.onClose(reason)),
            };
          }),
      },
      ...(ports.brokerAt && {
        brokerAt: (url: string) => ({
          connect: (options: MqttLinkOptions) =>
            ports.brokerAt!(url).connect({
              ...options,
              onUp: guarded(() => options.onUp()),
              onDown: guarded((reason: string) => options.onDown(reason)),
              onMessage: guarded((topic: string, payload: Uint8Array, retained?: boolean) =>
                options.onMessage(topic, payload, retained),
              ),
            }),
        }),
      }),
      ...(localBroker &&
        ports.brokers && {
          serveBroker: (serving: BrokerServing) =>
            ports.brokers!.serve(localBroker, {
              logins: serving.logins,
              onMessage: guarded((username: string, topic: string, payload: Uint8Array) =>
                serving.onMessage(username, topic, payload),
              ),
              onNews: guarded((username: string, news: LoginNews) => serving.onNews(username, news)),
            }),
        }),
      turns,
      log,
      stop: own.signal,
      crashed,
      // A press counts even if its driver has just been stopped.
      event(raised) {
        mine(raised.device);
        known.heard(raised.device);
        return to.event(raised);
      },
      level(device, type, up, readAt) {
        return mine(device) ? to.level(device, type, up, readAt) : Promise.resolve();
      },
      heard(device, facts) {
        if (mine(device)) known.heard(device, facts);
      },
      health(device, health) {
        if (mine(device)) known.health(device, health);
      },
      line(open, reason) {
        if (own.signal.aborted) return;
        log.info(open ? 'line open' : 'line closed', { reason });
        for (const id of devices) known.line(id, open);
      },
      picture(device, jpeg, verdict) {
        if (mine(device)) to.picture?.(device, jpeg, verdict);
      },
      measure(device, field, value, unit) {
        if (mine(device)) to.measure(device, field, value, unit);
      },
      record(device, kind, details, readAt) {
        if (mine(device)) to.record(device, kind, details, readAt);
      },
    };
  }

  start();
  return {
    devices,
    get run() {
      return run;
    },
    async close() {
      closed = true;
      stop.abort();
      await quietly(() => run?.close());
    },
  };
}

/** A driver that cannot even be closed is let go. */
async function quietly(close: () => Promise<void> | undefined): Promise<void> {
  try {
    await close();
  } catch {
    // It is being thrown away: its failure changes nothing.
  }
}
