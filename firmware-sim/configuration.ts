import { z } from 'zod';
import { kinds, type Kinds } from './kinds.ts';

type Lists = { [K in keyof Kinds]: z.ZodDefault<z.ZodArray<Kinds[K]['entry']>> };

/** sim.yaml: what hardware to play, a list for each kind. A port of 0 becomes a free one, kept for the next start. */
export const simulatorConfig = z.strictObject(
  Object.fromEntries(
    Object.entries(kinds).map(([name, { entry }]) => [name, z.array(entry).default([])]),
  ) as unknown as Lists,
);
export type SimulatorConfig = z.infer<typeof simulatorConfig>;
