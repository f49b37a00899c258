import { z } from 'zod';
import type { Row, Statement } from '#platform/ports.ts';
import { leftUndated } from './schema.ts';
import { id, mode, nameText, origin, originText, signalName, type SignalName } from '#protocols/signal.ts';

/**
 * A press that a sum stands for. It has a row of its own among the alarms, so that it is deduplicated as they are
 * and a crash before the sum is written loses none. The row is open (`left_at` NULL) until the sum's is there.
 */
export const summedPress = z.object({
  sum: signalName,
  /** Its place among the presses of the sum, by arrival. */
  place: z.int().min(1),
  device: id,
  mode,
  origin,
  silent: z.boolean(),
  occurred_at: z.int(),
  clock_known: z.boolean(),
  age_at_first_byte_ms: z.number().nonnegative(),
});
export type SummedPress = z.infer<typeof summedPress>;

/** Its row's key: after the sum's, and no signal's name. */
const mark = '#';

export function summedRow(press: SummedPress) {
  return {
    name: `${nameText(press.sum)}${mark}${press.place}`,
    device: press.device,
    origin: originText(press.origin),
    record: JSON.stringify(press),
  };
}

export function isSummedRow(row: Row): boolean {
  return String(row.name).includes(mark);
}

/** In a commit where the sum itself is (or was) written: from here on its presses are only known. */
export function closeWindow(sum: SignalName): Statement {
  const name = nameText(sum);
  return {
    sql: `UPDATE alarms SET left_at = ? WHERE name > ? AND name < ? AND left_at IS NULL
            AND EXISTS (SELECT 1 FROM alarms WHERE name = ?)`,
    // The character after the mark ends the range.
    params: [leftUndated, `${name}${mark}`, `${name}$`, name],
  };
}
