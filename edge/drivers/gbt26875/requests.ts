import type { DriverContext } from '../../driver.ts';
import type { Frame } from '#protocols/gbt26875/frame.ts';

/** Clause 7: a reply comes within 10 s, and a request is repeated 3 times. */
const replyWithinMs = 10_000;
const tries = 4;

export interface Requests {
  /** Resolves with the reply to a control or a request. Rejects with a sentence when it is denied, or none comes. */
  ask(command: 'control' | 'request', unit: Uint8Array): Promise<Frame>;
  /** A confirmation, an answer or a denial has come. */
  reply(frame: Frame): void;
  close(): void;
}

/** What we ask of one transmission device: one exchange at a time, each under a serial number of our own. */
export function requests(
  { clock }: Pick<DriverContext, 'clock'>,
  send: (serial: number, command: 'control' | 'request', unit: Uint8Array) => void,
): Requests {
  let serial = 0;
  let last: Promise<unknown> = Promise.resolve();
  let open: { serial: number; resolve(frame: Frame): void; reject(error: Error): void } | null = null;
  let closed = false;

  function exchange(command: 'control' | 'request', unit: Uint8Array): Promise<Frame> {
    const own = serial;
    serial = (serial + 1) & 0xffff;
    return new Promise((resolve, reject) => {
      if (closed) return reject(new Error('the driver has stopped'));
      let tried = 0;
      let cancel = (): void => {};
      const settle = () => {
        cancel();
        open = null;
      };
      const attempt = () => {
        if (tried === tries) {
          settle();
          return reject(new Error(`the transmission device gave no reply to ${tries} frames`));
        }
        tried += 1;
        send(own, command, unit);
        cancel = clock.after(replyWithinMs, attempt);
      };
      open = {
        serial: own,
        resolve(frame) {
          settle();
          resolve(frame);
        },
        reject(error) {
          settle();
          reject(error);
        },
      };
      attempt();
    });
  }

  return {
    ask(command, unit) {
      const next = last.then(() => exchange(command, unit));
      // One that failed holds up none that follows.
      last = next.catch(() => null);
      return next;
    },
    reply(frame) {
      if (open?.serial !== frame.serial) return;
      if (frame.command === 'deny') open.reject(new Error('the transmission device denied it'));
      else open.resolve(frame);
    },
    close() {
      closed = true;
      open?.reject(new Error('the driver has stopped'));
    },
  };
}
