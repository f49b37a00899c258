import { z } from 'zod';

/** Metres on a storey's plan: x to the right, y up the page, the origin wherever the drawing has it. */
export const position = z.tuple([z.number(), z.number()]);
export type Position = z.infer<typeof position>;

/** Corners in order, either way round; the last is joined to the first. */
export const polygon = z.array(position).min(3, 'a polygon has at least three corners').max(500);
export type Polygon = z.infer<typeof polygon>;

/** A wall that blocks the view, as a straight piece. A doorway is where there is no wall. */
export const wall = z.tuple([position, position]);
export type Wall = z.infer<typeof wall>;

/** One storey (or the grounds) as seen from above. The outline blocks the view, like the walls. */
export const plan = z.strictObject({
  outline: polygon,
  walls: z.array(wall).max(5_000).default([]),
});
export type Plan = z.infer<typeof plan>;

/** Where a camera stands and what it can see from there. Angles are degrees. */
export const sight = z.strictObject({
  at: position,
  /** Of the lens above the floor, metres. */
  height_m: z.number().positive().max(60),
  /** Where it looks on the plan: 0 along x, 90 along y, counter-clockwise. */
  heading_deg: z.number().min(-360).max(360),
  /** How far its axis points down from level. */
  tilt_deg: z.number().min(0).max(90),
  /** From the left to the right edge of the picture; 360: a camera that sees all round. */
  angle_deg: z.number({ error: 'a camera needs its horizontal angle, degrees' }).gt(0).max(360),
  /** From the upper to the lower edge; left out: as a picture of 16 to 9 with this horizontal angle has it. */
  vertical_angle_deg: z.number().gt(0).max(180).optional(),
  /** How far on the floor its picture is of use, metres. */
  range_m: z.number().positive().max(1_000),
  /** Pixels across and down. */
  resolution: z.tuple([z.int().positive(), z.int().positive()]).optional(),
});
export type Sight = z.infer<typeof sight>;
