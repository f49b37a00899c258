import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { capOfSignal } from '#platform/doors/cap-alert.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { encodeCap } from '#protocols/cap/write.ts';
import { pressOf } from './doors-http-bench.ts';

const page = fileURLToPath(new URL('../../docs/centres.md', import.meta.url));
const example = /(?<=```xml\n)[^`]*(?=```)/;

test('the page shows the document as it is sent', () => {
  // `BELFRY_WRITE_PAGES=1` writes it anew.
  const document = encodeCap(capOfSignal(pressOf({ code: '122', zone: 4 }), 'belfry', 0));
  const text = readFileSync(page, 'utf8');
  if (process.env['BELFRY_WRITE_PAGES'] === '1')
    writeFileSync(
      page,
      text.replace(example, () => document),
    );
  const shown = example.exec(readFileSync(page, 'utf8'))?.[0];
  expect(shown).toBe(document);
  expect(parseCap(shown!)).toMatchObject({ ok: true });
});
