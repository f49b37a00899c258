import { createFrameDecoder } from '#protocols/gbt26875/decoder.ts';
import type { StreamEvents } from '#platform/ports.ts';
import { backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import type { DriverContext } from '../../driver.ts';
import { addressText, type DeviceAddress, streamOf } from '../address.ts';
import { keepOpen } from '../kept-line.ts';
import type { Station, Way } from './station.ts';

/** So many connections are open at once; a further one is turned away. */
const mostConnections = 64;
/** Who dials in says within this time who it is. */
const namesItselfWithinMs = 60_000;

/** The frames of one connection, to the stations that they are of. */
function receiver(context: DriverContext, stations: readonly Station[], way: Way) {
  const decoder = createFrameDecoder();
  let heard: Station | null = null;
  return {
    get known() {
      return heard !== null;
    },
    data(bytes: Uint8Array, at: number): void {
      const decoded = decoder.push(bytes, at);
      for (const { frame } of decoded.frames) {
        const station = stations.find((s) => s.source === frame.source);
        if (station) {
          heard = station;
          station.frame(frame, at, way);
        } else if (frame.command === 'send') {
          // It is left without an answer: a confirmation would promise that somebody knows.
          context.log.warn('a transmission device that is not in the file', { source: frame.source });
          stations[0]!.stranger(frame.source);
        }
      }
      for (const rejected of decoded.rejected) {
        stations.find((s) => s.source === rejected.source)?.rejected(rejected, way);
      }
      (heard ?? stations[0]!).noise(decoded);
    },
    lost(): void {
      for (const station of stations) station.lost(way);
    },
  };
}

export interface Ways {
  close(): Promise<void>;
}

/** Devices that share one serial line, or a serial device server. */
export function overLine(context: DriverContext, address: DeviceAddress, stations: readonly Station[]): Ways {
  // One that is silent does not close the line of the others.
  const way: Way = { write: (bytes) => line.write(bytes), close() {} };
  let received = receiver(context, stations, way);
  const line = keepOpen(context, streamOf(address), {
    onOpen() {
      received.lost();
      received = receiver(context, stations, way);
    },
    onData: (bytes, at) => received.data(bytes, at),
  });
  return {
    async close() {
      line.close();
    },
  };
}

/** Devices that dial in to us; only from the hosts of `allow`, where there are some. */
export function overListener(
  context: DriverContext,
  at: Extract<DeviceAddress, { kind: 'listen' }>,
  stations: readonly Station[],
  allow: readonly string[],
): Ways {
  const { clock, log } = context;
  const pace = backoff({ firstMs: 1000, maxMs: 30_000 }, context.random);
  let open = 0;
  let closed = false;
  let close = async (): Promise<void> => {};
  let cancelRetry = (): void => {};

  function refuse(way: Way, remote: string, why: string): StreamEvents {
    log.warn('a connection is refused', { remote, why });
    // Its events are not bound yet.
    clock.after(0, () => way.close());
    return { onData() {}, onClose() {} };
  }

  function listen(): void {
    context.listening
      .listen(at, (stream, remote) => {
        const host = remote.replace(/:\d+$/, '').replace(/^::ffff:/, '');
        if (allow.length > 0 && !allow.includes(host)) return refuse(stream, remote, 'it is not in allow');
        if (open >= mostConnections) return refuse(stream, remote, 'too many are open');
        open += 1;
        const received = receiver(context, stations, stream);
        const cancel = clock.after(namesItselfWithinMs, () => {
          if (!received.known) stream.close();
        });
        return {
          onData: received.data,
          onClose() {
            open -= 1;
            cancel();
            received.lost();
          },
        };
      })
      .then(
        (listener) => {
          close = () => listener.close();
          if (closed) return close();
          context.line(true);
        },
        (error: unknown) => {
          if (closed) return;
          context.line(false, `${addressText(at)}: ${reasonOf(error)}`);
          cancelRetry = clock.after(pace.next(), listen);
        },
      )
      .catch(context.crashed);
  }

  listen();
  return {
    async close() {
      closed = true;
      cancelRetry();
      await close();
    },
  };
}
