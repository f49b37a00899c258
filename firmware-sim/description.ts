import { z } from 'zod';
import { id, lampState, origin } from '#protocols/signal.ts';

/** How to reach the running simulator and what it plays: `DIR/sim.json`, for `belfry probe` and for tests. */
export const simulatedHardware = z.object({
  control: z.object({ url: z.string(), token: z.string() }),
  buttons: z.array(
    z.object({
      id,
      serial: z.string(),
      silent: z.boolean(),
      /** As in the edge's file: `tty:/path` or `tcp://host:port`. */
      address: z.string(),
    }),
  ),
  centres: z.array(z.object({ id, host: z.string(), port: z.int() })),
  cameras: z.array(z.object({ id, address: z.string(), username: z.string(), password: z.string() })),
  sensors: z.array(z.object({ id, address: z.string(), unit: z.int(), model: z.string() })),
});
export type SimulatedHardware = z.infer<typeof simulatedHardware>;

/** A button as its control door shows it. */
export const simulatedButton = z.object({
  id,
  /** UTC ms of the last press of its finger; null: never. */
  pressed_at: z.number().nullable(),
  /** The lamp and the press that it speaks of; null: dark. */
  lamp: z.object({ counter: z.int(), state: lampState }).nullable(),
});
export type SimulatedButton = z.infer<typeof simulatedButton>;

/** One press as its unit remembers it (the newest 64). */
export const rememberedPress = z.object({
  origin,
  pressed_at: z.number(),
  host_acked: z.boolean(),
  lamp: lampState.nullable(),
});
export type RememberedPress = z.infer<typeof rememberedPress>;

/** Answer to a press: the origin that edge and cloud will know it by. */
export const pressed = origin;
