import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  gatewayKey,
  linkSignature,
  type PictureLink,
  type PictureName,
  pictureKind,
  pictureName,
  picturePath,
  planDigest,
  sameSignature,
  signedHeaders,
  ticketFor,
} from '#protocols/pictures.ts';

const cases = { numRuns: 20_000 };
const id = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const name: fc.Arbitrary<PictureName> = fc.record({
  gateway: id,
  camera: id,
  kind: fc.constantFrom(...pictureKind.options),
  about: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/),
  n: fc.integer({ min: 1, max: 2 ** 48 }),
});

test('the page shows a PUT as it is signed', () => {
  const key = gatewayKey('00'.repeat(32), 'shiyan-1');
  const path = picturePath({
    gateway: 'shiyan-1',
    camera: 'gate-camera',
    kind: 'alarm',
    about: 'shiyan-1.0123456789abcdef.alarm.2',
    n: 1,
  });
  const ticket = ticketFor(key, path);
  const jpeg = new TextEncoder().encode('not a picture, but bytes');
  const headers = signedHeaders(ticket, jpeg, 1_788_249_600_000);
  const page = readFileSync(fileURLToPath(new URL('../../docs/pictures.md', import.meta.url)), 'utf8');
  for (const said of [key, ticket, path, ...Object.values(headers)]) expect(page).toContain(said);
});

test('two names have two paths, and a path leads nowhere else', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      const [, ...parts] = picturePath(a).split('/');
      expect(parts).toHaveLength(8);
      expect(parts.some((part) => part === '' || part === '.' || part === '..')).toBe(false);
      expect(pictureName.parse(a)).toEqual(a);
      return (picturePath(a) === picturePath(b)) === (JSON.stringify(a) === JSON.stringify(b));
    }),
    cases,
  );
});

test('whatever text a name is made of, it is read as a name of ours or refused', () => {
  fc.assert(
    fc.property(
      fc.record(Object.fromEntries(Object.keys(pictureName.shape).map((k) => [k, fc.string()]))),
      (raw) => {
        const read = pictureName.safeParse(raw);
        return (
          !read.success || /^\/api\/v1\/pictures(\/[a-z0-9][a-z0-9.-]*){5}$/.test(picturePath(read.data))
        );
      },
    ),
    cases,
  );
});

test('a ticket opens one path of one gateway', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      const own = ticketFor(gatewayKey('s', a.gateway), picturePath(a));
      const other = ticketFor(gatewayKey('s', b.gateway), picturePath(b));
      return sameSignature(own, other) === (picturePath(a) === picturePath(b));
    }),
    { numRuns: 2000 },
  );
});

test('a link that differs in anything has another signature', () => {
  const text = fc.string({ maxLength: 12 });
  const link: fc.Arbitrary<PictureLink> = fc.record({ alarm: text, gateway: id, camera: id, reader: id });
  fc.assert(
    fc.property(link, link, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      return sameSignature(linkSignature('s', a), linkSignature('s', b)) === same;
    }),
    cases,
  );
});

test('a plan is the same in whatever order its devices come, and says nothing of its key', () => {
  const key = 'ab'.repeat(32);
  const plan = { key, cameras: { a: ['c'], b: ['d', 'e'] } };
  expect(planDigest({ key, cameras: { b: ['d', 'e'], a: ['c'] } })).toBe(planDigest(plan));
  expect(planDigest({ key, cameras: { a: ['c'], b: ['e', 'd'] } })).not.toBe(planDigest(plan));
  expect(planDigest({ ...plan, key: 'cd'.repeat(32) })).not.toBe(planDigest(plan));
  expect(planDigest(plan)).not.toContain('abab');
});
