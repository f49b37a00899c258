import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

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

/**
 * One JSON line a frame, read back at the next start. A last line that a kill cut short was never
 * acknowledged; anything else that cannot be read throws with its line.
 */
export function fileFrameStore(path: string): FrameStore {
  const frames: CentreFrame[] = [];
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = text.split('\n');
  const cutShort = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    try {
      frames.push(centreFrame.parse(JSON.parse(line)));
    } catch (error) {
      // The remains of a cut line, closed off by the start after it.
      if (line.endsWith(CUT)) continue;
      throw new Error(`${path}:${index + 1} is not a frame of the centre`, { cause: error });
    }
  }
  if (cutShort !== '') appendFileSync(path, `${CUT}\n`);
  return {
    append(frame) {
      appendFileSync(path, `${JSON.stringify(frame)}\n`);
      frames.push(frame);
    },
    all: () => frames,
  };
}

const CUT = ' (cut short)';
