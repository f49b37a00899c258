import { z } from 'zod';
import { day } from '../inventory/reference.ts';

/**
 * Public holidays by year, as a government publishes them: days off, and the weekends that are worked for them (调休).
 * A year that is not in the list has not been published yet.
 */
export const publicHolidays = z.strictObject({
  years: z.array(
    z.strictObject({
      year: z.int().min(2000).max(2200),
      /** Where the list was published. */
      source: z.string().min(1),
      off: z.array(z.strictObject({ name: z.string(), from: day, to: day })),
      /** Weekend days that are worked. */
      working: z.array(day),
    }),
  ),
});
export type PublicHolidays = z.output<typeof publicHolidays>;
