import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureConsole } from '../../../bin/build-console.mjs';

test('the built page is small, precompressed, and leaves nothing inline for a strict policy to refuse', async () => {
  const folder = await ensureConsole();
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
  const assets = readdirSync(join(folder, 'assets'));
  for (const name of assets.filter((one) => /\.(js|css)$/.test(one))) {
    const text = readFileSync(join(folder, 'assets', name), 'utf8');
    // A chunk that fits into one packet is not worth it.
    const large = text.length > 2048;
    expect(existsSync(join(folder, 'assets', `${name}.br`)) || !large).toBe(true);
    expect(existsSync(join(folder, 'assets', `${name}.gz`)) || !large).toBe(true);
    expect(text).not.toMatch(/url\(["']?(data|https?):/);
    // The schemas stay with the server: the page takes only their types.
    expect(text).not.toMatch(/ZodError|safeParse/);
  }
  // What the first page asks for; the others come when they are opened.
  const first = assets.filter((name) => page.includes(`/assets/${name}"`));
  expect(first.some((name) => name.endsWith('.js'))).toBe(true);
  const bytes = first.reduce(
    (sum, name) => sum + readFileSync(join(folder, 'assets', `${name}.br`)).length,
    0,
  );
  expect(bytes).toBeLessThan(150_000);
}, 60_000);

test('a second start finds the page as it is and builds nothing', async () => {
  await ensureConsole();
  const lines: string[] = [];
  await ensureConsole({ log: (line) => lines.push(line) });
  expect(lines).toEqual([]);
}, 60_000);
