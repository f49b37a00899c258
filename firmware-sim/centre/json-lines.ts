import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { z } from 'zod';

const CUT = ' (cut short)';

/**
 * One JSON line an entry, read back at the next start. A last line that a kill cut short was never acknowledged;
 * anything else that cannot be read throws with its line. `append` returns when it is written, or throws.
 */
export function jsonLines<Entry>(path: string, schema: z.ZodType<Entry>, what: string) {
  const entries: Entry[] = [];
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = text.split('\n');
  const cutShort = lines.pop() ?? '';
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    try {
      entries.push(schema.parse(JSON.parse(line)));
    } catch (error) {
      // The remains of a cut line, closed off by the start after it.
      if (line.endsWith(CUT)) continue;
      throw new Error(`${path}:${index + 1} is not ${what}`, { cause: error });
    }
  }
  if (cutShort !== '') appendFileSync(path, `${CUT}\n`);
  return {
    append(entry: Entry): void {
      appendFileSync(path, `${JSON.stringify(entry)}\n`);
      entries.push(entry);
    },
    all: (): readonly Entry[] => entries,
  };
}
