import { z } from 'zod';
import { bus } from '#protocols/button-frame/timing.ts';
import { zone } from '#protocols/signal.ts';
import { deviceBase } from '../../config.ts';

export const buttonDevice = deviceBase.extend({
  driver: z.literal('button'),
  zone,
  /** As printed on the unit. */
  serial: z.string().regex(/^[0-9a-fA-F]{8}$/, 'use the 8 hex digits on the unit'),
  /** Its address on a bus; left out where the unit has a line of its own. */
  unit: z.int().min(1).max(bus.maxAddress).optional(),
  /** Whether the unit lights and sounds; where it says otherwise of itself, silent wins. */
  sounder: z.enum(['audible', 'silent']).default('audible'),
});
export type ButtonDevice = z.infer<typeof buttonDevice>;
