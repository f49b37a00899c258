import { z } from 'zod';
import type { Bench } from './kind.ts';

/** TCP port of an entry of sim.yaml. */
export const port = z.int().min(0).max(65_535).default(0).describe('0: a free one, kept for the next start');

/** How a serial line comes out of this machine. */
export const via = z
  .enum(['pty', 'tcp'])
  .default('pty')
  .describe('a tty of this machine, or a serial device server (Modbus TCP for a bus)');

export type Wire = { kind: 'pty'; link: string } | { kind: 'tcp'; host: string; port: number };

interface Served {
  port: number | null;
}

/** Serves an entry on the tty that it asks for, or by TCP where it does not or this machine has no ttys. */
export async function onWire<T extends Served>(
  bench: Bench,
  entry: { id: string; via: 'pty' | 'tcp'; port: number },
  serve: (wire: Wire) => Promise<T | { kind: 'absent'; reason: string }>,
): Promise<T> {
  const { host, log } = bench;
  if (entry.via === 'pty') {
    const served = await serve({ kind: 'pty', link: bench.tty(entry.id) });
    if (!('reason' in served)) return served;
    log.warn(`no tty for ${entry.id}, it is served by TCP instead`, { reason: served.reason });
  }
  return bench.atPort(entry.port, async (port) => {
    const served = await serve({ kind: 'tcp', host, port });
    if ('reason' in served) throw new Error(`${entry.id} cannot be served: ${served.reason}`);
    return served;
  });
}
