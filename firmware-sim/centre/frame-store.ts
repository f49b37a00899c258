import { z } from 'zod';
import { jsonLines } from './json-lines.ts';

/** A frame that the centre has acknowledged, as it came. */
export const centreFrame = z.object({
  /** UTC ms by this machine, whatever the centre's own clock says. */
  received_at: z.number(),
  remote: z.string(),
  token: z.string(),
  account: z.string().nullable(),
  sequence: z.int(),
  data: z.string(),
  /** The text of its [H] field. */
  h: z.string().nullable(),
  /** UTC ms. */
  timestamp: z.number().nullable(),
  /** All bytes from LF to CR, hex. */
  raw: z.string(),
});
export type CentreFrame = z.infer<typeof centreFrame>;

/** Where a centre keeps what it acknowledged. `append` returns when it is written, or throws. */
export interface FrameStore {
  append(frame: CentreFrame): void;
  all(): readonly CentreFrame[];
}

export function memoryFrameStore(): FrameStore {
  const frames: CentreFrame[] = [];
  return { append: (frame) => void frames.push(frame), all: () => frames };
}

/** A file of JSON lines, which outlives the centre. */
export function fileFrameStore(path: string): FrameStore {
  return jsonLines(path, centreFrame, 'a frame of the centre');
}
