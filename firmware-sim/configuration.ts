import { z } from 'zod';
import { id } from '#protocols/signal.ts';

const port = z.int().min(0).max(65_535).default(0);

/** sim.yaml: what hardware to play. A port of 0 becomes a free one, kept for the next start. */
export const simulatorConfig = z.strictObject({
  buttons: z
    .array(
      z.strictObject({
        id,
        /** The unit's own serial number, 8 hex digits. */
        serial: z.string().regex(/^[0-9a-f]{8}$/, 'use 8 of 0-9 and a-f'),
        /** A tty of this machine, or a serial device server. */
        via: z.enum(['pty', 'tcp']).default('pty'),
        port,
        silent: z.boolean().default(false),
        heartbeat_s: z.number().positive().default(30),
      }),
    )
    .default([]),
  centres: z.array(z.strictObject({ id, port })).default([]),
});
export type SimulatorConfig = z.infer<typeof simulatorConfig>;
