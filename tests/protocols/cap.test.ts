import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CapAlert,
  capCategory,
  capCertainty,
  capMessageType,
  capResponseType,
  capScope,
  capSeverity,
  capStatus,
  capUrgency,
} from '#protocols/cap/alert.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { formatCapTime, parseCapTime } from '#protocols/cap/time.ts';
import { encodeCap } from '#protocols/cap/write.ts';
import { enough } from './enough.ts';

const minimal = `<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>gate.1.alarm.7</identifier>
  <sender>belfry</sender>
  <sent>2026-09-01T16:00:00+08:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Private</scope>
</alert>`;
const info = `<info><category>Security</category><event>e</event><urgency>Immediate</urgency>
  <severity>Severe</severity><certainty>Observed</certainty><area><areaDesc>a</areaDesc></area></info>`;
const withInfo = minimal.replace('</alert>', `${info}</alert>`);

describe('the reader', () => {
  test('takes a minimal alert, which needs no info, and one with it', () => {
    expect(parseCap(minimal)).toEqual({
      ok: true,
      alert: {
        identifier: 'gate.1.alarm.7',
        sender: 'belfry',
        sent: Date.UTC(2026, 8, 1, 8),
        status: 'Actual',
        msgType: 'Alert',
        scope: 'Private',
      },
    });
    expect(parseCap(withInfo).ok).toBe(true);
  });

  test.each([
    ['a time in Z', '+08:00', 'Z', 'sent is no time'],
    ['fractions of a second', ':00+08:00', ':00.5+08:00', 'sent is no time'],
    ['a day that is none', '2026-09-01', '2026-09-31', 'sent is no time'],
    ['a status of our own', 'Actual', 'Drill', 'status is none of'],
    ['a space in the identifier', 'gate.1', 'gate 1', 'identifier is empty or holds a space'],
    ['a comma in the sender', '>belfry<', '>belfry,x<', 'sender is empty or holds'],
    ['no scope', '<scope>Private</scope>', '', 'scope is missing'],
    ['two senders', '<sender>', '<sender>x</sender><sender>', 'sender is there more than once'],
    ['another order', '<sender>belfry</sender>', '', 'sender is missing'],
    ['another namespace', 'cap:1.2', 'cap:1.1', 'root is not alert'],
    ['an element of its own', '</alert>', '<more/></alert>', 'more is not expected'],
    ['no urgency', '<urgency>Immediate</urgency>', '', 'urgency is missing'],
    ['a severity too early', '<urgency>', '<severity>Severe</severity><urgency>', 'urgency is missing'],
    ['no category', '<category>Security</category>', '', 'category is missing'],
    ['an area without words', '<areaDesc>a</areaDesc>', '', 'areaDesc is missing'],
    ['a document type', '<alert', '<!DOCTYPE alert [<!ENTITY a "b">]><alert', 'document type'],
    ['an entity that nobody declared', '>belfry<', '>&belfry;<', 'means nothing'],
    ['an end that is missing', '</alert>', '', '</alert> is missing'],
    ['crossed tags', '<event>e</event>', '<event>e</info>', 'an end tag where'],
  ])('refuses %s, and says what is wrong', (_, from, to, problem) => {
    expect(withInfo).toContain(from);
    const reading = parseCap(withInfo.replace(from, to));
    expect(reading).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
  });

  test('reads prefixes, comments, CDATA and references, as other writers use them', () => {
    const other = minimal
      .replace('<alert xmlns=', '<!-- hello --><c:alert xmlns:c=')
      .replaceAll(/<(\/?)(identifier|sender|sent|status|msgType|scope|alert)>/g, '<$1c:$2>')
      .replace('>belfry<', '><![CDATA[bel]]>&#102;&#x72;y<');
    expect(parseCap(other)).toEqual(parseCap(minimal));
  });

  test('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.nat(withInfo.length), fc.nat(40), fc.string(), (at, cut, text) => {
        expect(parseCap(withInfo.slice(0, at) + text + withInfo.slice(at + cut))).toHaveProperty('ok');
      }),
      enough,
    );
    expect(parseCap('<a>'.repeat(100_000)).ok).toBe(false);
  }, 120_000);
});

describe('times', () => {
  test('are written +08:00, whole seconds, and come back', () => {
    expect(formatCapTime(Date.UTC(2025, 11, 31, 16, 0, 1, 999))).toBe('2026-01-01T00:00:01+08:00');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (s) => {
        expect(parseCapTime(formatCapTime(s * 1000))).toBe(s * 1000);
      }),
      enough,
    );
  });

  test('are read with any offset, and with none of those that CAP does not know', () => {
    expect(parseCapTime('2026-09-01T03:00:00-05:00')).toBe(Date.UTC(2026, 8, 1, 8));
    for (const bad of ['2026-09-01T08:00:00Z', '2026-09-01T08:00:00', '2026-09-01 08:00:00+08:00', '']) {
      expect(parseCapTime(bad), bad).toBeUndefined();
    }
  });
});

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 4 })
  .filter((t) => t.isWellFormed() && !/[\uFFFE\uFFFF]/.test(t));
const time = fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => s * 1000);
const name = fc.stringMatching(/^[a-z0-9.@-]{1,30}$/);
const some = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: 1, maxLength: 2 });
const plain = { noNullPrototype: true as const };
const pair = fc.record({ valueName: text, value: text }, plain);
const optional = { requiredKeys: [] as never[], noNullPrototype: true as const };
const anyInfo = fc
  .tuple(
    fc.record({
      category: some(fc.constantFrom(...capCategory)),
      event: text,
      urgency: fc.constantFrom(...capUrgency),
      severity: fc.constantFrom(...capSeverity),
      certainty: fc.constantFrom(...capCertainty),
    }),
    fc.record(
      {
        language: text,
        responseType: some(fc.constantFrom(...capResponseType)),
        eventCode: some(pair),
        onset: time,
        headline: text,
        description: text,
        instruction: text,
        contact: text,
        parameter: some(pair),
        resource: some(fc.record({ resourceDesc: text, mimeType: text, uri: text }, plain)),
        area: some(fc.record({ areaDesc: text, geocode: some(pair) }, plain)),
      },
      optional,
    ),
  )
  .map(([needed, more]) => ({ ...needed, ...more }));
const anyAlert: fc.Arbitrary<CapAlert> = fc
  .tuple(
    fc.record({
      identifier: name,
      sender: name,
      sent: time,
      status: fc.constantFrom(...capStatus),
      msgType: fc.constantFrom(...capMessageType),
      scope: fc.constantFrom(...capScope),
    }),
    fc.record(
      {
        note: text,
        restriction: text,
        references: text,
        code: some(text),
        info: anyInfo.map((each) => [each]),
      },
      optional,
    ),
  )
  .map(([needed, more]) => ({ ...needed, ...more }));

describe('the writer', () => {
  test('whatever is written is read again as it was', () => {
    fc.assert(
      fc.property(anyAlert, (alert) => {
        // `expect` is too slow for so many cases.
        if (!isDeepStrictEqual(parseCap(encodeCap(alert)), { ok: true, alert }))
          throw new Error('another came back');
      }),
      enough,
    );
  }, 120_000);

  test('what XML cannot hold becomes a mark, and the rest of the alarm still arrives', () => {
    const alert: CapAlert = {
      identifier: 'a',
      sender: 'b',
      sent: 0,
      status: 'Actual',
      msgType: 'Alert',
      scope: 'Private',
      note: 'x\u0000\u001B\uD800\uFFFFy</note>&<![CDATA[',
    };
    expect(parseCap(encodeCap(alert))).toEqual({
      ok: true,
      alert: { ...alert, note: 'x\uFFFD\uFFFD\uFFFD\uFFFDy</note>&<![CDATA[' },
    });
  });
});
