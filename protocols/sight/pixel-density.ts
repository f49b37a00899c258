import { z } from 'zod';
import type { Sight } from '../inventory/plan.ts';
import { bilingual } from '../messages/bilingual.ts';

const densityClass = z.strictObject({ id: z.string(), px_per_m: z.number().positive(), name: bilingual });

/** The classes of EN/IEC 62676-4, by edition: their names and numbers changed in 2025, and may again. */
export const pixelDensities = z.strictObject({
  editions: z
    .array(
      z.strictObject({
        id: z.string(),
        source: z.string(),
        classes: z
          .array(densityClass)
          .min(1)
          .refine((all) => all.every((one, i) => i === 0 || one.px_per_m > all[i - 1]!.px_per_m), {
            error: 'each class asks more pixels than the one before it',
          }),
      }),
    )
    .min(1),
});
export type DensityEdition = z.infer<typeof pixelDensities>['editions'][number];
export type DensityClass = z.infer<typeof densityClass>;

/** Pixels on one metre across the view, of what is on the floor so many metres away. Null: no resolution is known. */
export function densityAt(
  { resolution, angle_deg, height_m }: Pick<Sight, 'resolution' | 'angle_deg' | 'height_m'>,
  distanceM: number,
): number | null {
  if (resolution === undefined) return null;
  const angle = (angle_deg * Math.PI) / 180;
  const away = Math.hypot(distanceM, height_m);
  // A lens that sees half of all directions or more has no flat picture: its pixels lie evenly over the angle.
  const widthM = angle_deg < 180 ? 2 * away * Math.tan(angle / 2) : away * angle;
  return resolution[0] / widthM;
}

/** The highest class that a density reaches; null: less than the lowest. */
export function classOf(pxPerM: number, { classes }: DensityEdition): DensityClass | null {
  return classes.findLast(({ px_per_m }) => pxPerM >= px_per_m) ?? null;
}

/** How far on the floor a class is reached, metres, within the range; 0: nowhere. Null: no resolution is known. */
export function reachOf(sight: Sight, { px_per_m }: DensityClass): number | null {
  const atOneMetre = densityAt({ ...sight, height_m: 0 }, 1);
  if (atOneMetre === null) return null;
  const away = atOneMetre / px_per_m;
  return away <= sight.height_m ? 0 : Math.min(sight.range_m, Math.sqrt(away ** 2 - sight.height_m ** 2));
}
