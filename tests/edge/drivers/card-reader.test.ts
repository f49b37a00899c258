import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '#edge/config.ts';
import { cardReaderDriver } from '#edge/drivers/card-reader.ts';
import { drivers } from '#edge/drivers/index.ts';
import { parseAddress, streamOf } from '#edge/drivers/address.ts';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { type CardFormat, cardFormat, shapes } from '#protocols/card-frames/format.ts';
import { startSimulator } from '#sim/simulator.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { have, ptyPair, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const cards: Record<CardFormat, string> = {
  'id-12': '010063E9AE',
  rdm6300: '3C00CE754C',
  'wie232-a': '63E9AE',
  s4a: '0000123478',
  'cn-binary': '06008E6D5D',
};

function drive(address: string, format: CardFormat, more: Record<string, unknown> = {}, hurry = 1) {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Error(parsed.problem);
  const device = cardReaderDriver.device.parse({
    id: 'gate-reader',
    driver: 'card-reader',
    address,
    format,
    purpose: 'guard-shift',
    point: '东门岗',
    ...more,
  });
  const told = recorder(hurry);
  const run = cardReaderDriver.start(told.context, { address: streamOf(parsed.address), devices: [device] });
  cleanups.push(() => run.close());
  return told;
}

/** A simulated reader, driven by TCP unless `via` says otherwise. */
async function reader(
  format: CardFormat,
  more: Record<string, unknown> = {},
  hurry = 1,
  via = 'tcp' as const,
) {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-card-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const ports = {
    clock: realClock,
    random: realRandomness,
    listen: realListening,
    log: realLog({ level: 'silent', format: 'line' }),
  };
  const config = simulatorConfig.parse({ card_readers: [{ id: 'r', via, format }] });
  const simulator = await startSimulator(ports, config, { folder, describeIn: join(folder, 'sim.json') });
  cleanups.push(() => simulator.close());
  const part = simulator.parts.get('card_readers')!.get('r')!;
  const told = drive(simulator.hardware.card_readers[0]!.address, format, more, hurry);
  await until('the line is open', () => told.heardCount('gate-reader') > 0);
  return { told, act: (name: string, input: unknown) => part.acts[name]!.run(input) };
}

describe('a card reader', () => {
  it.each(cardFormat.options)(
    '%s: a card is a check-in with its number and place, and no name',
    async (format) => {
      const { told, act } = await reader(format);
      await act('show', { card: cards[format] });
      await until('it has checked in', () => told.records.length === 1);
      expect(told.records[0]).toMatchObject({
        device: 'gate-reader',
        kind: 'check-in',
        details: { raw: cards[format], reader: 'gate-reader', purpose: 'guard-shift', point: '东门岗' },
      });
      expect(told.crashes).toEqual([]);
    },
  );

  it('a card that lies on a reader which repeats it is one check-in, and the next card another', async () => {
    const { told, act } = await reader('rdm6300', { repeat_s: 1 });
    await act('show', { card: cards.rdm6300, times: 20 });
    await until('the first card is in', () => told.records.length === 1);
    await act('show', { card: cards['id-12'] });
    await until('the second card is in', () => told.records.length === 2);
    expect(told.records.map((r) => r.details!.card)).toEqual(['0013530444', '0006547886']);
  });

  it('the same card is a check-in again once it was away', async () => {
    const { told, act } = await reader('id-12', { repeat_s: 1 });
    await act('show', { card: cards['id-12'] });
    await until('it is in', () => told.records.length === 1);
    const away = realClock.monotonic() + 1050;
    await until('it was away for longer than repeat_s', () => realClock.monotonic() > away);
    await act('show', { card: cards['id-12'] });
    await until('it is in again', () => told.records.length === 2);
  });

  it('its open line is told as such: only a card proves the reader itself', async () => {
    const { told, act } = await reader('id-12');
    expect(told.factsOf('gate-reader').proof_of_life).toMatch(
      /line is open; the reader itself gives no sign/,
    );
    expect(told.healthOf('gate-reader')).toBe('good');
    await act('show', { card: cards['id-12'] });
    await until('a card proves it', () => told.factsOf('gate-reader').proof_of_life === 'a card was read');
  });

  it.each([['noise'], ['drips']])('%s: the card is read all the same', async (kind) => {
    const { told, act } = await reader('id-12');
    await act('behave', { kind });
    await act('show', { card: cards['id-12'] });
    await until('it is in', () => told.records.length === 1);
  });

  it('a card with a wrong digit or a lost byte is nobody: the next one is read', async () => {
    const { told, act } = await reader('cn-binary');
    for (const kind of ['wrong-digit', 'loses-a-byte', 'good']) {
      await act('behave', { kind });
      await act('show', { card: kind === 'good' ? '0600000001' : cards['cn-binary'] });
    }
    await until('the good one is in', () => told.records.length === 1);
    expect(told.records[0]!.details!.raw).toBe('0600000001');
  });

  it('a reader of another kind is a fault that says what to check', async () => {
    const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream) => {
      const say = setInterval(() => stream.write(shapes['id-12'].encode('010063E9AE')), 2);
      cleanups.push(() => clearInterval(say));
      return { onData() {}, onClose: () => clearInterval(say) };
    });
    cleanups.push(() => listener.close());
    const told = drive(`tcp://127.0.0.1:${listener.port}`, 'rdm6300', {}, 1000);
    await until('it is at fault', () => told.healthOf('gate-reader').startsWith('fault'));
    expect(told.healthOf('gate-reader')).toMatch(/bytes that are no card .*format: rdm6300.*baud rate/);
    expect(told.records).toEqual([]);
  });

  it('a line that is cut is told, and opened again by itself', async () => {
    let cut = () => {};
    const listen = (port: number) =>
      realListening.listen({ host: '127.0.0.1', port }, (stream) => {
        cut = () => stream.close();
        return { onData() {}, onClose() {} };
      });
    const listener = await listen(0);
    cleanups.push(() => listener.close());
    const told = drive(`tcp://127.0.0.1:${listener.port}`, 'id-12', {}, 20);
    await until('open', () => told.lines.at(-1)?.open === true);
    cut();
    await until('cut', () => told.lines.some((l) => !l.open));
    await until('open again', () => told.lines.at(-1)?.open === true);
  });

  it.skipIf(!have('socat'))('is read from a tty of the kernel', async () => {
    const pair = await ptyPair();
    cleanups.push(() => pair.remove());
    const told = drive(`tty:${pair.a}`, 's4a');
    await until('the line is open', () => told.heardCount('gate-reader') > 0);
    const far = await realStreams.open(
      { kind: 'tty', path: pair.b, baudRate: 9600 },
      { onData() {}, onClose() {} },
    );
    cleanups.push(() => far.close());
    far.write(shapes.s4a.encode('0000123478'));
    await until('it is in', () => told.records.length === 1);
    expect(told.records[0]!.details!.card).toBe('0000123478');
  });
});

describe("a card reader in the edge's file", () => {
  const file = (...devices: Record<string, unknown>[]) =>
    parseEdgeConfig(
      {
        campus: 'school',
        gateway: 'gate',
        account: '1100',
        devices: devices.map((more, i) => ({
          id: `reader-${i + 1}`,
          driver: 'card-reader',
          address: 'tty:/dev/ttyS1',
          format: 'id-12',
          purpose: 'patrol',
          point: '食堂',
          ...more,
        })),
      },
      drivers,
    );
  const problems = (...devices: Record<string, unknown>[]) => {
    const parsed = file(...devices);
    return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  it('needs no zone, and a format, a purpose and a place that exist', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ format: 'hid', purpose: 'lunch', point: ' ' }).map((p) => p.split(':')[0])).toEqual([
      'devices.0.format',
      'devices.0.purpose',
      'devices.0.point',
    ]);
    expect(problems({ address: 'mqtt://broker' })[0]).toMatch(/card-reader cannot be behind/);
  });

  it('two readers on one line are a mistake, because a reader does not say who it is', () => {
    expect(problems({}, {})).toEqual([expect.stringMatching(/^devices\.1: .*already carries reader-1/)]);
  });
});
