import type { Sight } from '../inventory/plan.ts';

/** A lens as it is aimed: angles are radians, lengths metres on the floor. */
export interface Lens {
  heading: number;
  /** Half of the horizontal angle. */
  half: number;
  /** The floor is in the picture from here … */
  near: number;
  /** … to here. */
  far: number;
  /** It sees half of all directions or more: no straight lower edge bounds it, but a circle. */
  allRound: boolean;
}

const radians = Math.PI / 180;
/** A picture of 16 to 9, as most cameras give it. */
const usualShape = 9 / 16;

/**
 * What the lens makes of the floor. The sides are the vertical planes at half the horizontal angle, as installers draw
 * them. The lower edge of the picture meets the floor in a straight line across the axis, h / tan(tilt + v/2) away; the
 * upper edge likewise, and is taken as a circle of that radius, which is never more than is seen.
 */
export function lensOf(sight: Sight): Lens {
  const { height_m: height, heading_deg, tilt_deg, angle_deg, range_m } = sight;
  const allRound = angle_deg >= 180;
  const vertical = sight.vertical_angle_deg ?? (allRound ? 180 : usualVertical(angle_deg));
  const lower = tilt_deg + vertical / 2;
  const upper = tilt_deg - vertical / 2;
  return {
    heading: heading_deg * radians,
    half: (angle_deg / 2) * radians,
    near: lower >= 90 ? 0 : lower <= 0 ? Infinity : height / Math.tan(lower * radians),
    far: Math.min(range_m, upper <= 0 ? Infinity : height / Math.tan(upper * radians)),
    allRound,
  };
}

/** Degrees from the lower to the upper edge of a 16 to 9 picture that is so many degrees wide. */
function usualVertical(angle_deg: number): number {
  return (2 * Math.atan(Math.tan((angle_deg / 2) * radians) * usualShape)) / radians;
}
