import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { ByteStream, StreamAddress } from '#platform/ports.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import type { Body } from '#protocols/button-frame/frame.ts';
import { blankMemory } from '#sim/button/memory.ts';
import { serveButton } from '#sim/button/serve.ts';
import type { ButtonWire, ServedButton } from '#sim/button/serve.ts';
import { openPty } from '#sim/pty.ts';
import { quiet } from './button.clock.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(wire: ButtonWire): Promise<ServedButton> {
  const parts = {
    clock: realClock,
    random: realRandomness,
    log: quiet,
    memory: blankMemory(realRandomness),
  };
  const result = await serveButton(parts, { serial: 0xabcd }, wire);
  if (result.kind === 'absent') throw new Error(result.reason);
  cleanups.push(() => result.button.close());
  return result.button;
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-button-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function listen(address: StreamAddress) {
  const bodies: Body[] = [];
  let closed: string | null = null;
  const decoder = createFrameDecoder();
  const stream: ByteStream = await realStreams.open(address, {
    onData: (bytes, at) => bodies.push(...decoder.push(bytes, at).frames.map((f) => f.frame.body)),
    onClose: (reason) => (closed = reason),
  });
  cleanups.push(() => stream.close());
  return { stream, bodies, closed: () => closed };
}

const deadline = { timeout: 10_000, interval: 5 };

test('over a pty the serial side may close and open again: presses come, host-acks go', async () => {
  const link = join(temporary(), 'gate');
  const button = await serve({ kind: 'pty', link });
  expect(button.address).toBe(`tty:${link}`);
  const tty = { kind: 'tty', path: link, baudRate: 9600 } as const;
  for (let round = 0; round < 3; round += 1) {
    const port = await listen(tty);
    const origin = button.unit.press();
    await vi.waitFor(() => expect(port.bodies).toContainEqual(expect.objectContaining(origin)), deadline);
    port.stream.write(
      encodeFrame({
        address: 0,
        boot: 1,
        sequence: 1,
        body: { type: 'host-ack', origin, state: 'received' },
      }),
    );
    await vi.waitFor(() => expect(button.unit.presses().at(-1)!.ackedAt).not.toBeNull(), deadline);
    port.stream.close();
    await vi.waitFor(() => expect(port.closed()).not.toBeNull(), deadline);
  }
});

test('a tty that nobody reads neither stops the process nor hands over old bytes later', async () => {
  const result = await openPty({ onData() {}, onClose() {} });
  if (result.kind === 'absent') throw new Error(result.reason);
  const { path, stream } = result.pty;
  cleanups.push(() => stream.close());
  for (let i = 0; i < 100; i += 1) stream.write(new Uint8Array(1000).fill(0x55));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const read: number[] = [];
  const port = await realStreams.open(
    { kind: 'tty', path, baudRate: 9600 },
    { onData: (bytes) => read.push(...bytes), onClose() {} },
  );
  cleanups.push(() => port.close());
  stream.write(Uint8Array.of(1, 2, 3));
  await vi.waitFor(() => expect(read.slice(-3)).toEqual([1, 2, 3]), deadline);
  expect(read.length).toBe(3);
});

test('a cable that is pulled closes the tty; plugged in, it is at the same path', async () => {
  const link = join(temporary(), 'gate');
  const button = await serve({ kind: 'pty', link });
  const tty = { kind: 'tty', path: link, baudRate: 9600 } as const;
  const before = await listen(tty);
  button.unit.press();
  await vi.waitFor(() => expect(before.bodies.length).toBeGreaterThan(0), deadline);
  await button.unplug();
  await vi.waitFor(() => expect(before.closed()).not.toBeNull(), deadline);
  await expect(realStreams.open(tty, { onData() {}, onClose() {} })).rejects.toThrow('no such tty');
  await button.plugIn();
  expect(readlinkSync(link)).toMatch(/^\/dev\/pts\//);
  const after = await listen(tty);
  button.unit.press();
  await vi.waitFor(() => expect(after.bodies.some((b) => b.type === 'press')).toBe(true), deadline);
});

test('over TCP a new client replaces the old one', async () => {
  const button = await serve({ kind: 'tcp', listen: realListening, host: '127.0.0.1', port: 0 });
  const address = { kind: 'tcp', host: '127.0.0.1', port: Number(new URL(button.address).port) } as const;
  const first = await listen(address);
  const second = await listen(address);
  await vi.waitFor(() => expect(first.closed()).not.toBeNull(), deadline);
  button.unit.press();
  await vi.waitFor(() => expect(second.bodies.some((b) => b.type === 'press')).toBe(true), deadline);
  expect(first.bodies.some((b) => b.type === 'press')).toBe(false);
});
