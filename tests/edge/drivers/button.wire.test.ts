import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { StreamEvents } from '#platform/ports.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import type { LampState } from '#protocols/signal.ts';
import { blankMemory } from '#sim/button/memory.ts';
import { serveButton } from '#sim/button/serve.ts';
import type { ButtonWire } from '#sim/button/serve.ts';
import { openPty } from '#sim/pty.ts';
import { quiet } from '../../firmware-sim/button.clock.ts';
import { pressOf, serial, startDriver } from './button.bench.ts';

/** The driver over real ttys and sockets, opposite to the simulated unit. */
const world = { clock: realClock, streams: realStreams };
const deadline = { timeout: 20_000, interval: 5 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-button-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function unitOn(wire: ButtonWire) {
  const parts = { clock: realClock, random: realRandomness, log: quiet, memory: blankMemory(realRandomness) };
  const result = await serveButton(parts, { serial }, wire);
  if (result.kind === 'absent') throw new Error(result.reason);
  cleanups.push(() => result.button.close());
  return result.button;
}

async function pty(events: Partial<StreamEvents> = {}) {
  const result = await openPty({ onData() {}, onClose() {}, ...events });
  if (result.kind === 'absent') throw new Error(result.reason);
  cleanups.push(() => result.pty.stream.close());
  return result.pty;
}

function driverOn(...args: Parameters<typeof startDriver> extends [unknown, ...infer R] ? R : never) {
  const driver = startDriver(world, ...args);
  cleanups.push(() => driver.run.close());
  return driver;
}

test.each(['pty', 'tcp'] as const)(
  'over %s: a press is host-acked, and its lamp is lit and confirmed',
  async (kind) => {
    const link = join(temporary(), 'gate');
    const button = await unitOn(
      kind === 'pty' ? { kind, link } : { kind, listen: realListening, host: '127.0.0.1', port: 0 },
    );
    const driver = driverOn(
      kind === 'pty'
        ? { kind: 'tty', path: link, baudRate: 9600 }
        : { kind, host: '127.0.0.1', port: Number(new URL(button.address).port) },
    );
    await vi.waitFor(() => expect(driver.facts.length).toBeGreaterThan(0), deadline);
    const origin = button.unit.press();
    await vi.waitFor(() => expect(button.unit.presses()[0]!.ackedAt).not.toBeNull(), deadline);
    expect(driver.events[0]!.origin).toEqual(origin);
    let confirmedAt: number | null = null;
    driver.run.lamp!('gate', origin, 'delivered', (at) => (confirmedAt = at));
    await vi.waitFor(() => expect(confirmedAt).not.toBeNull(), deadline);
    expect(button.unit.shown()).toBe('delivered');
    // The finger has to leave the button first.
    await vi.waitFor(() => expect(driver.facts).toContainEqual({ contact_closed: false }), deadline);
    await expect(driver.run.act!('gate', { do: 'self-test' })).resolves.toMatchObject({
      detail: expect.stringContaining('passed'),
    });
  },
);

test('a press is repeated over a bad line until it got through and was host-acked', async () => {
  const link = join(temporary(), 'gate');
  const button = await unitOn({ kind: 'pty', link });
  const driver = driverOn({ kind: 'tty', path: link, baudRate: 9600 });
  await vi.waitFor(() => expect(driver.facts.length).toBeGreaterThan(0), deadline);
  button.unit.misbehave({ corrupted: 1, noiseBytes: 200 });
  button.unit.press();
  await vi.waitFor(() => expect(button.unit.presses()[0]!.copies).toBeGreaterThan(2), deadline);
  expect(driver.events).toEqual([]);
  button.unit.misbehave({ noiseBytes: 200, dripMs: 1 });
  await vi.waitFor(() => expect(button.unit.presses()[0]!.ackedAt).not.toBeNull(), deadline);
  expect(driver.events.length).toBeGreaterThan(0);
});

test('a tty that is missing at the start is reported, and used once it is there', async () => {
  const link = join(temporary(), 'gate');
  const driver = driverOn({ kind: 'tty', path: link, baudRate: 9600 });
  await vi.waitFor(() => expect(driver.lines.length).toBe(1), deadline);
  expect(driver.lines[0]).toMatchObject({ open: false, reason: expect.stringContaining('no such tty') });
  const button = await unitOn({ kind: 'pty', link });
  button.unit.press();
  await vi.waitFor(() => expect(driver.events.length).toBeGreaterThan(0), deadline);
  expect(driver.lines.at(-1)!.open).toBe(true);
});

test('a press made while the tty is gone comes, with its age, when the tty is back', async () => {
  const link = join(temporary(), 'gate');
  const button = await unitOn({ kind: 'pty', link });
  const driver = driverOn({ kind: 'tty', path: link, baudRate: 9600 });
  await vi.waitFor(() => expect(driver.facts.length).toBeGreaterThan(0), deadline);
  await button.unplug();
  await vi.waitFor(() => expect(driver.lines.at(-1)!.open).toBe(false), deadline);
  const origin = button.unit.press();
  const pressedAt = performance.now();
  await vi.waitFor(() => expect(driver.lines.at(-1)!.reason).toContain('no such tty'), deadline);
  await button.plugIn();
  await vi.waitFor(() => expect(driver.events.length).toBeGreaterThan(0), deadline);
  const [event] = driver.events;
  expect(event!.origin).toEqual(origin);
  expect(Math.abs(event!.firstByteAt - event!.ageMs - pressedAt)).toBeLessThan(1000);
  await vi.waitFor(() => expect(button.unit.presses()[0]!.ackedAt).not.toBeNull(), deadline);
});

test('a tty that vanishes in the moment after it was opened does not stay lost', async () => {
  const link = join(temporary(), 'gate');
  const first = await pty();
  symlinkSync(first.path, link);
  const driver = driverOn({ kind: 'tty', path: link, baudRate: 9600 });
  await vi.waitFor(() => expect(driver.lines.length).toBe(1), { ...deadline, interval: 1 });
  first.stream.close();
  rmSync(link);
  const button = await unitOn({ kind: 'pty', link });
  button.unit.press();
  await vi.waitFor(() => expect(driver.events.length).toBeGreaterThan(0), deadline);
});

test('a megabyte of noise between two good frames costs only the noise', async () => {
  const unit = await pty();
  const driver = driverOn({ kind: 'tty', path: unit.path, baudRate: 9600 });
  await vi.waitFor(() => expect(driver.lines.at(-1)?.open).toBe(true), deadline);
  const frame = (counter: number): Uint8Array =>
    encodeFrame({ address: 0, boot: 18, sequence: counter, body: pressOf({ counter }) });
  unit.stream.write(frame(1));
  await vi.waitFor(() => expect(driver.events.length).toBe(1), deadline);
  const noise = Uint8Array.from({ length: 4096 }, (_, i) => [0xa5, 0x5a, 1, 0, 1, 32, i & 0xff][i % 7]!);
  for (let sent = 0; sent < 1 << 20; sent += noise.length) unit.stream.write(noise);
  unit.stream.write(frame(2));
  await vi.waitFor(() => expect(driver.events.map((e) => e.origin!.counter)).toEqual([1, 2]), deadline);
});

test('every copy is host-acked, those that came while the first was not yet durable too', async () => {
  const link = join(temporary(), 'gate');
  const waiting: ((state: LampState) => void)[] = [];
  const button = await unitOn({ kind: 'pty', link });
  driverOn(
    { kind: 'tty', path: link, baudRate: 9600 },
    { answer: () => new Promise((resolve) => waiting.push(resolve)) },
  );
  button.unit.press();
  await vi.waitFor(() => expect(waiting.length).toBeGreaterThanOrEqual(3), deadline);
  expect(button.unit.presses()[0]!.ackedAt).toBeNull();
  for (const durable of waiting) durable('received');
  await vi.waitFor(() => expect(button.unit.presses()[0]!.ackedAt).not.toBeNull(), deadline);
});

/**
 * On Node 26 the reads of serialport 13 stall until something else wakes the event loop. The child does nothing
 * but hold the port; the parent writes the bytes and stands for the unit.
 */
test('one byte on a quiet tty, in an otherwise idle process, is read at once', async () => {
  const unit = await pty();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'button.idle-child.ts'), unit.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(import.meta.dirname, '../../..'),
  });
  cleanups.push(() => child.kill('SIGKILL'));
  const said: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const all = (rest + text).split('\n');
    rest = all.pop()!;
    said.push(...all);
  });
  await vi.waitFor(() => expect(said).toContain('open'), deadline);
  const sentAt = new Map<number, number>();
  for (let byte = 1; byte <= 20; byte += 1) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    sentAt.set(byte, Date.now());
    unit.stream.write(Uint8Array.of(byte));
  }
  // The last byte must come by itself, with nothing behind it that could wake the child.
  await vi.waitFor(() => expect(said).toContainEqual(expect.stringMatching(/^20 /)), deadline);
  const delays = said.slice(1).map((row) => {
    const [byte, at] = row.split(' ').map(Number);
    return at! - sentAt.get(byte!)!;
  });
  expect(delays.length).toBe(20);
  // A stall holds bytes until others come: all but the last of a run are late by whole intervals.
  const late = delays.filter((ms) => ms > 150);
  expect(late.length, `delays ${delays.join(' ')} ms`).toBeLessThanOrEqual(2);
});
