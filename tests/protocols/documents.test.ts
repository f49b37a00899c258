import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { test } from 'vitest';
import { readAlarmLane } from '#cloud/ingest/reading.ts';
import { parsePayload } from '#edge/uplink/payload.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { encodeContactId, parseContactId } from '#protocols/contact-id.ts';
import { CsvError, csvRows, csvText } from '#protocols/csv-read.ts';
import { csvOf } from '#protocols/csv.ts';
import { command } from '#protocols/messages/command.ts';
import { receiptLaneMessage } from '#protocols/messages/receipt.ts';
import { lanes, parseTopic, topicOf } from '#protocols/messages/topics.ts';
import { refusalOf } from '#edge/drivers/onvif/xml.ts';
import { parseAddress } from '#edge/drivers/address.ts';
import { describedVideo } from '#protocols/rtsp/sdp.ts';
import { enough } from './enough.ts';

// Each of these takes a whole document, so there is no split: any bytes, and pieces of the real thing in any order.

/** Texts of one kind: its own words and marks in any order, and anything at all between them. */
const textsOf = (...pieces: string[]) =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 6 })), {
      maxLength: 14,
    })
    .map((found) => found.join(''));
const bytesOf = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    text.map((t) => new TextEncoder().encode(t)),
  );
/** Throws where it does not hold: `expect` is too slow for so many cases. */
const hold = (so: boolean, what: string) => {
  if (!so) throw new Error(what);
};

test('a CAP document: no text throws', () => {
  const alert = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">';
  const texts = textsOf(
    alert,
    '</alert>',
    '<info>',
    '</info>',
    '<sent>',
    '</sent>',
    '&amp;',
    '&#x',
    '<![CDATA[',
    ']]>',
    '<!--',
  );
  fc.assert(
    fc.property(texts, (text) => hold(typeof parseCap(text).ok === 'boolean', 'no answer')),
    enough,
  );
}, 120_000);

test('an answer in SOAP: no bytes throw, and what passes is not deep', () => {
  const texts = textsOf(
    '<a>',
    '</a>',
    '<a',
    '/>',
    ' xmlns:b="c"',
    ' xmlns',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?xml ?>',
    '<!DOCTYPE a [',
  );
  fc.assert(
    fc.property(bytesOf(texts), (bytes) => {
      const refused = refusalOf(bytes);
      hold(refused === null || refused.length > 10, 'a refusal without a reason');
    }),
    enough,
  );
}, 120_000);

test('a session description: no text throws', () => {
  const texts = textsOf(
    'm=video 0 RTP/AVP 96',
    '\r\n',
    '\n',
    'a=rtpmap:96 H264/90000',
    'a=fmtp:96 ',
    'sprop-parameter-sets=Z2Q,aO4',
    'sprop-sps=',
    ';',
    'a=control:',
    '96',
  );
  fc.assert(
    fc.property(texts, (text) => void describedVideo(text)),
    enough,
  );
}, 120_000);

test('a CSV file: no bytes throw anything but what names a line, and what is written is read again', () => {
  const limits = { rows: 50, columns: 20 };
  fc.assert(
    fc.property(bytesOf(textsOf('"', '""', ',', ';', '\t', '\r\n', '\n', '\r', '门')), (bytes) => {
      try {
        hold(csvRows(csvText(bytes), limits).length <= limits.rows, 'more rows than the limit');
      } catch (error) {
        hold(error instanceof CsvError && error.line >= 1, String(error));
      }
    }),
    enough,
  );
}, 120_000);

test('Contact ID: no text throws, and every event comes back as it was', () => {
  const texts = textsOf('#', '1234', '|', '1120', ' ', '01', '015', '3', '6');
  fc.assert(
    fc.property(texts, (text) => {
      const event = parseContactId(text);
      if (event === undefined) return;
      const again = parseContactId(encodeContactId(event));
      hold(JSON.stringify(again) === JSON.stringify(event), `${text} is read as something else`);
    }),
    enough,
  );
}, 120_000);

test('a message on the wire: no bytes throw, at neither end, on any topic', () => {
  const texts = textsOf(
    '{',
    '}',
    '"kind":"alarm"',
    '"kind":"command"',
    ',',
    '"name":',
    '[',
    ']',
    '1',
    'null',
    '"facts":{}',
    '"__proto__":',
  );
  const topics = fc.constantFrom('belfry/v1/c/g/alarm', 'belfry/v2/c/g/alarm', 'belfry/v1/c/g', 'other');
  fc.assert(
    fc.property(bytesOf(texts), topics, (bytes, topic) => {
      const up = readAlarmLane(topic, bytes);
      hold(up.ok || up.reason.length > 5, 'refused without a reason');
      for (const down of [parsePayload(command, bytes), parsePayload(receiptLaneMessage, bytes)])
        hold(down.ok || down.reason.length > 1, 'refused without a reason');
    }),
    enough,
  );
}, 120_000);

test('a topic: any is ours or none, and ours come back', () => {
  const name = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  fc.assert(
    fc.property(
      name,
      name,
      fc.constantFrom(...lanes),
      textsOf('belfry', '/', 'v1', 'alarm'),
      (c, g, lane, any) => {
        parseTopic(any);
        const read = parseTopic(topicOf(c, g, lane));
        hold(read?.campus === c && read.gateway === g && read.lane === lane, 'it came back as another');
      },
    ),
    enough,
  );
}, 120_000);

test('an address of a device: any text is one or says what is wrong', () => {
  const texts = textsOf(
    'tcp://',
    'listen://',
    'mqtt://',
    'local:',
    '/dev/tty',
    '@',
    ':',
    '8',
    '[::1]',
    '?',
    '#',
    '%',
  );
  fc.assert(
    fc.property(texts, (text) => void parseAddress(text)),
    enough,
  );
}, 120_000);

test('a table that is written is read again as it was', () => {
  const cell = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('"', ',', 'a\nb', '门'));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 3 }), (rows) => {
      const written = new TextEncoder().encode(csvOf([['a', 'b'], ...rows]));
      const read = csvRows(csvText(written), { rows: 10, columns: 2 });
      // A text that a spreadsheet would run is written with an apostrophe.
      const harmless = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
      hold(
        isDeepStrictEqual(
          read.slice(1),
          rows.map((row) => row.map(harmless)),
        ),
        'it came back as another',
      );
    }),
    enough,
  );
}, 120_000);
