import { z } from 'zod';
import type { Bilingual } from '../messages/bilingual.ts';
import { id } from '../signal.ts';

/** A device of a campus, by the two ids that name it everywhere: `gateway/device`. */
export const deviceRef = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\/[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/,
    'expected gateway/device',
  );

/** A day in the campus's time zone. */
export const day = z.iso.date({ error: 'expected a day as in 2026-09-01' });

/** A time of day in the campus's time zone, `00:00` to `23:59`. */
export const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day as in 07:20');

export { id };

export type Path = readonly (string | number)[];
/** Says of the value at `path` what is wrong with it. */
export type Complain = (path: Path, text: Bilingual) => void;

/** Says of every item whose id was there before that it was. */
export function complainOfRepeats(
  items: readonly { id: string }[],
  path: Path,
  what: Bilingual,
  complain: Complain,
): void {
  const seen = new Set<string>();
  for (const [i, { id }] of items.entries()) {
    if (seen.has(id)) {
      complain([...path, i, 'id'], {
        zh: `${what.zh} ${id} 已经有了`,
        en: `there is already a ${what.en} ${id}`,
      });
    }
    seen.add(id);
  }
}
