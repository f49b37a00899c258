import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeContactId, eventCodeFor, parseContactId, type Qualifier } from '#protocols/contact-id.ts';
import { enough } from './enough.ts';

test('the data of a published frame is read and written again', () => {
  const event = { account: '1234', qualifier: 1 as const, code: '120', partition: 1, zone: 15 };
  expect(parseContactId('#1234|1120 01 015')).toEqual(event);
  expect(encodeContactId(event)).toBe('#1234|1120 01 015');
});

test('every event comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          account: fc.stringMatching(/^[0-9A-F]{3,16}$/),
          qualifier: fc.constantFrom<Qualifier>(1, 3, 6),
          code: fc.stringMatching(/^[1-9][0-9]{2}$/),
          partition: fc.integer({ min: 0, max: 99 }),
          zone: fc.integer({ min: 0, max: 999 }),
        },
        { noNullPrototype: true },
      ),
      (event) => {
        expect(parseContactId(encodeContactId(event))).toEqual(event);
      },
    ),
    enough,
  );
}, 120_000);

test('what is not Contact ID is not guessed at', () => {
  for (const data of ['', '#1234|1120 01 15', '#1234|2120 01 015', '#12|1120 01 015', '#1234|Nri1/BA01'])
    expect(parseContactId(data)).toBeUndefined();
});

test('a silent unit calls without a sound: E122', () => {
  for (const type of ['press', 'long-press', 'second-press'] as const) {
    expect(eventCodeFor({ type, mode: 'real', silent: true })).toBe('122');
    expect(eventCodeFor({ type, mode: 'real', silent: false })).toBe('120');
  }
  expect(eventCodeFor({ type: 'smoke', mode: 'real', silent: true })).toBe('111');
});

test('no test, drill or probe carries the code of a real alarm', () => {
  expect(eventCodeFor({ type: 'test', mode: 'test', silent: true })).toBe('601');
  for (const type of ['press', 'long-press', 'second-press', 'test', 'smoke'] as const) {
    expect(eventCodeFor({ type, mode: 'test', silent: false })).toBe('601');
    expect(eventCodeFor({ type, mode: 'probe', silent: false })).toBe('602');
    expect(eventCodeFor({ type, mode: 'drill', silent: false })).toBe('607');
  }
});
