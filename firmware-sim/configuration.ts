import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { sceneNames } from './camera/scenes.ts';

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
  cameras: z
    .array(
      z.strictObject({
        id,
        port,
        username: z.string().default('belfry'),
        password: z.string().default(''),
        /** What it looks at. */
        scene: z.enum(sceneNames).default('gate'),
      }),
    )
    .default([]),
  /** Modbus buses of smoke sensors: RTU on a tty, or Modbus TCP. */
  buses: z
    .array(
      z.strictObject({
        id,
        via: z.enum(['pty', 'tcp']).default('pty'),
        port,
        sensors: z
          .array(z.strictObject({ id, unit: z.int().min(1).max(247), register: z.int().min(0).max(65_535) }))
          .min(1),
      }),
    )
    .default([]),
});
export type SimulatorConfig = z.infer<typeof simulatorConfig>;
