import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { enough } from '../protocols/enough.ts';
import { root } from './driver-cards.ts';

/** Every file that makes values of bytes or texts that come from outside, and the property tests that hold it. */
const held: Record<string, { test: string; titles: [string, ...string[]] }> = {
  'protocols/button-frame': {
    test: 'tests/protocols/button-frame.test.ts',
    titles: [
      'any frame survives the way out and in',
      'any split of the stream gives the same frames',
      'any noise at all, preambles included, leaves a frame behind it whole',
      'any bytes in any split neither throw nor stay',
    ],
  },
  'protocols/gbt26875': {
    test: 'tests/protocols/gbt26875.test.ts',
    titles: [
      'a good frame is found behind any noise, in any split',
      'no bytes throw, and every byte is of a frame',
      'any unit comes back as it went',
      'any bytes are a unit or none, and never throw',
    ],
  },
  'protocols/dc09': {
    test: 'tests/protocols/dc09.test.ts',
    titles: [
      'every frame comes back as it was, in every split',
      'any bytes in any split neither throw',
      'a good frame after any garbage is found at once',
    ],
  },
  'protocols/nut.ts': {
    test: 'tests/protocols/nut.test.ts',
    titles: [
      'any bytes in any split neither throw nor stay',
      'a variable is found behind any garbage line, in any split',
    ],
  },
  'protocols/panel-printer': {
    test: 'tests/protocols/panel-printer.test.ts',
    titles: [
      'any bytes in any split neither throw nor stay',
      'a line is found after any garbage, in any split',
    ],
  },
  'protocols/card-frames': {
    test: 'tests/protocols/card-frames.test.ts',
    titles: [
      'any bytes in any split neither throw nor stay',
      'a card is found after any garbage, in any split',
    ],
  },
  'protocols/modbus-answer.ts': {
    test: 'tests/protocols/modbus-answer.test.ts',
    titles: [
      'any bytes in any split neither throw nor stay',
      'rtu: the answer is found after any garbage',
      'tcp: the answer is found after late answers',
    ],
  },
  'protocols/modbus-models': {
    test: 'tests/protocols/modbus-models.test.ts',
    titles: [
      'what is written as registers is read back, in every type and order',
      'any registers are a value, none or an implausible one, and never throw',
    ],
  },
  'protocols/rtsp': {
    test: 'tests/protocols/rtsp.test.ts',
    titles: [
      'takes any bytes in any split, never throws',
      'finds what is sound whatever the split',
      'finds the good answer right after noise',
      'of nonsense is none, and never throws',
    ],
  },
  'protocols/cap': {
    test: 'tests/protocols/cap.test.ts',
    titles: ['never throws, whatever comes', 'whatever is written is read again as it was'],
  },
  'protocols/contact-id.ts': {
    test: 'tests/protocols/documents.test.ts',
    titles: ['Contact ID: no text throws, and every event comes back as it was'],
  },
  'protocols/csv-read.ts': {
    test: 'tests/protocols/documents.test.ts',
    titles: ['a CSV file: no bytes throw', 'a table that is written is read again as it was'],
  },
  'protocols/messages': {
    test: 'tests/protocols/documents.test.ts',
    titles: ['a message on the wire: no bytes throw', 'a topic: any is ours or none, and ours come back'],
  },
  'protocols/mqtt-mappings': {
    test: 'tests/edge/drivers/mqtt-devices.test.ts',
    titles: ['any bytes, and any JSON, neither throw'],
  },
  'edge/drivers/onvif/xml.ts': {
    test: 'tests/protocols/documents.test.ts',
    titles: ['an answer in SOAP: no bytes throw'],
  },
  'edge/drivers/address.ts': {
    test: 'tests/protocols/documents.test.ts',
    titles: ['an address of a device: any text is one or says what is wrong'],
  },
};

/** Files that read what only our own people write, row by row, with complaints of their own. */
const ofOurOwn = ['protocols/inventory/tables/'];

const reads =
  /^export (async )?(function|class) (parse[A-Z]\w*|read[A-Z]\w*|decode[A-Z]\w*|create\w*Decoder|\w*Decoder|\w+Of(Sps|CsvText)|csv(Text|Rows)|refusalOf)\b/m;

const sourcesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, ''));

it('every codec has its property tests, of a hundred thousand cases each', () => {
  expect(enough.numRuns).toBeGreaterThanOrEqual(100_000);
  const codecs = ['protocols', 'edge/drivers']
    .flatMap(sourcesUnder)
    .filter((file) => reads.test(readFileSync(join(root, file), 'utf8')))
    .filter((file) => !ofOurOwn.some((folder) => file.startsWith(folder)));
  expect(codecs.length).toBeGreaterThan(15);
  const nobodys = codecs.filter(
    (file) => !Object.keys(held).some((codec) => file === codec || file.startsWith(`${codec}/`)),
  );
  expect(nobodys, 'name these, with their property tests, in this file').toEqual([]);
  expect(Object.values(held).flatMap(({ test, titles }) => titles.flatMap((t) => lackOf(test, t)))).toEqual(
    [],
  );
});

/** What a test of this title lacks: its text goes from its title to the next one. */
function lackOf(file: string, title: string): string[] {
  const tests = readFileSync(join(root, file), 'utf8').split(/^ *(?=(?:it|test)(?:\.each)?\()/m);
  const found = tests.filter((text) => text.slice(0, 300).includes(title));
  if (found.length !== 1) return [`${file}: ${found.length} tests are called "${title}"`];
  const properties = found[0]!.split('fc.property(').length - 1;
  const counted = found[0]!.split(/^ +enough,$/m).length - 1;
  return properties > 0 && properties === counted
    ? []
    : [`${file}: "${title}" does not run \`enough\` cases`];
}
