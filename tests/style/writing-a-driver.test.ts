import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './driver-cards.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Text without its indentation: prettier may indent what a page quotes otherwise. */
const flat = (code: string) => code.replaceAll(/^\s+/gm, '').trim();

it('the code that docs/writing-a-driver.md quotes is that of the driver', () => {
  const driver = flat(read('edge/drivers/card-reader.ts'));
  const quoted = [...read('docs/writing-a-driver.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code]) => code!,
  );
  expect(quoted.length).toBeGreaterThanOrEqual(4);
  expect(quoted.filter((code) => !driver.includes(flat(code)))).toEqual([]);
});
