import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { kinds, type Kinds } from './kinds.ts';

type Kind = Kinds[keyof Kinds];
type Group = Kind['group'];

const part = z.object({
  id,
  /** What edge.yaml says of a device on this part, beside id and zone; null where there is no device on it. */
  wiring: z.record(z.string(), z.unknown()).nullable(),
});
export type SimulatedHardware = { control: { url: string; token: string } } & {
  [G in Group]: (z.infer<typeof part> & z.infer<Extract<Kind, { group: G }>['description']>)[];
};

/** How to reach the running simulator and what it plays: `DIR/sim.json`, for `belfry probe` and for tests. */
export const simulatedHardware = z.object({
  control: z.object({ url: z.string(), token: z.string() }),
  ...Object.fromEntries(
    Object.values(kinds).map(({ group, description }) => [group, z.array(part.extend(description.shape))]),
  ),
}) as unknown as z.ZodType<SimulatedHardware>;
