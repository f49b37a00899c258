import { stateBits } from '#protocols/gbt26875/codes.ts';
import type { SignalType } from '#protocols/signal.ts';

/** Whose fire it is: a key by which a reset finds it, the device that raises, and as what. */
export interface FireSource {
  key: string;
  device: string;
  type: SignalType;
}

/**
 * Which sources are in fire. Several can raise one level (components that the file does not list raise on the
 * transmission device): it falls when the last of them is over.
 */
export function fires(
  level: (device: string, type: SignalType, up: boolean) => Promise<void>,
  raisable: readonly { device: string; type: SignalType }[],
) {
  const up = new Map<string, FireSource>();
  const holds = ({ device, type }: { device: string; type: SignalType }) =>
    [...up.values()].some((other) => other.device === device && other.type === type);

  function over(key: string): void {
    const source = up.get(key);
    if (!source) return;
    up.delete(key);
    if (!holds(source)) void level(source.device, source.type, false);
  }

  return {
    /** Resolves when its alarm is durable. */
    async set(source: FireSource, inFire: boolean): Promise<void> {
      if (inFire) {
        up.set(source.key, source);
        await level(source.device, source.type, true);
      } else if (up.has(source.key)) over(source.key);
      // Of an earlier life of this process: the outbox may still hold it as up.
      else if (!holds(source)) await level(source.device, source.type, false);
    },
    /** Somebody has reset the panel: what burns on comes again. */
    reset(prefix: string): void {
      for (const key of up.keys()) if (key.startsWith(prefix)) over(key);
      // What an earlier life of this process raised is over as well.
      for (const one of raisable) if (!holds(one)) void level(one.device, one.type, false);
    },
  };
}
export type Fires = ReturnType<typeof fires>;

export const inFire = (state: number): boolean => (state & stateBits.fire) !== 0;
