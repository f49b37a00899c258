import { reasonOf } from '#platform/reason.ts';
import type { ByteStream, StreamAddress } from '#platform/ports.ts';
import { backoff } from '#platform/backoff.ts';
import type { DriverContext } from '../driver.ts';

/** Waits between tries to open the line. Short: each is time in which no press and no card gets through. */
const reopenPace = { firstMs: 250, maxMs: 5000 };

export interface KeptLineEvents {
  onOpen(): void;
  onData(bytes: Uint8Array, at: number): void;
}

/** A line that is opened again, for ever, whenever it is lost. */
export interface KeptLine {
  readonly open: boolean;
  /** Dropped while the line is closed. */
  write(bytes: Uint8Array): void;
  /** Opens it anew, for a wire that is open and dead. People are told only when that fails. */
  renew(why: string): void;
  close(): void;
}

export function keepOpen(context: DriverContext, address: StreamAddress, events: KeptLineEvents): KeptLine {
  let stream: ByteStream | null = null;
  let closed = false;
  const pace = backoff(reopenPace, context.random);
  let told: string | null = null;
  let cancelRetry = (): void => {};

  function tell(reason: string | null): void {
    if (reason === told) return;
    told = reason;
    if (reason === null) context.line(true);
    else context.line(false, reason);
  }

  function lost(reason: string): void {
    if (closed) return;
    tell(reason);
    context.log.warn('the line is closed', { reason });
    cancelRetry = context.clock.after(pace.next(), tryOpen);
  }

  function tryOpen(): void {
    let opened: ByteStream | null = null;
    let gone: string | null = null;
    const opening = context.streams.open(address, {
      onData(bytes, at) {
        if (closed || gone !== null || (opened !== null && opened !== stream)) return;
        pace.reset();
        events.onData(bytes, at);
      },
      onClose(reason) {
        gone = reason;
        if (opened === null || opened !== stream) return;
        stream = null;
        lost(reason);
      },
    });
    opening
      .then(
        (fresh) => {
          opened = fresh;
          if (closed) fresh.close();
          else if (gone !== null) lost(gone);
          else {
            stream = fresh;
            tell(null);
            events.onOpen();
          }
        },
        (error: unknown) => lost(reasonOf(error)),
      )
      .catch(context.crashed);
  }

  told = 'not opened yet';
  tryOpen();
  return {
    get open() {
      return stream !== null;
    },
    write: (bytes) => stream?.write(bytes),
    renew(why) {
      if (stream === null) return;
      context.log.warn('opening the line anew', { why });
      const old = stream;
      stream = null;
      old.close();
      // A tty is exclusive: the old one needs a moment to be gone.
      cancelRetry = context.clock.after(pace.next(), tryOpen);
    },
    close() {
      if (closed) return;
      closed = true;
      cancelRetry();
      stream?.close();
      stream = null;
    },
  };
}
