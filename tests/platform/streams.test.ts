import { spawn } from 'node:child_process';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { StreamAddress, StreamEvents } from '#platform/ports.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { have, ptyPair, until } from './pty.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

function ear() {
  const heard = { bytes: [] as number[], reasons: [] as string[], at: [] as number[] };
  const events: StreamEvents = {
    onData(bytes, at) {
      heard.bytes.push(...bytes);
      heard.at.push(at);
    },
    onClose: (reason) => heard.reasons.push(reason),
  };
  return { heard, events };
}

const tcp = (port: number): StreamAddress => ({ kind: 'tcp', host: '127.0.0.1', port });

async function echo() {
  const server = { remotes: [] as string[], reasons: [] as string[], hangUp: () => {} };
  const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream, remote) => {
    server.remotes.push(remote);
    server.hangUp = () => stream.close();
    return {
      onData: (bytes) => stream.write(bytes),
      onClose: (reason) => server.reasons.push(reason),
    };
  });
  cleanup.push(() => listener.close());
  return { ...listener, server };
}

describe('tcp', () => {
  test('bytes go there and come back, and close is told once on both sides', async () => {
    const { port, server } = await echo();
    const { heard, events } = ear();
    const before = performance.now();
    const stream = await realStreams.open(tcp(port), events);
    stream.write(Uint8Array.of(1, 2, 3));
    await until('the echo', () => heard.bytes.length === 3);
    expect(heard.bytes).toEqual([1, 2, 3]);
    expect(heard.at[0]).toBeGreaterThan(before);
    expect(server.remotes[0]).toMatch(/^127\.0\.0\.1:\d+$/);
    stream.close();
    stream.close();
    stream.write(Uint8Array.of(9));
    await until('both sides closed', () => heard.reasons.length > 0 && server.reasons.length > 0);
    expect(heard.reasons).toEqual(['closed by us']);
    expect(server.reasons).toEqual(['closed by the other side']);
  });

  test('bytes written just before close still arrive', async () => {
    const got: number[] = [];
    const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, () => ({
      onData: (bytes) => got.push(bytes.length),
      onClose() {},
    }));
    cleanup.push(() => listener.close());
    const stream = await realStreams.open(tcp(listener.port), ear().events);
    stream.write(new Uint8Array(200_000));
    stream.close();
    await until('all bytes', () => got.reduce((a, b) => a + b, 0) === 200_000);
  });

  test('a listener that closes ends its connections, and the dialler is told why', async () => {
    const echoing = await echo();
    const { heard, events } = ear();
    await realStreams.open(tcp(echoing.port), events);
    await until('the connection', () => echoing.server.remotes.length === 1);
    echoing.server.hangUp();
    await until('the close', () => heard.reasons.length === 1);
    expect(heard.reasons).toEqual(['closed by the other side']);
  });

  test('a refused connection rejects with a sentence', async () => {
    const { port, close } = await echo();
    await close();
    await expect(realStreams.open(tcp(port), ear().events)).rejects.toThrow(
      `cannot connect to 127.0.0.1:${port}: connection refused`,
    );
  });

  test('an address that does not answer rejects within the timeout, not after minutes', async () => {
    // A frozen process with a full backlog: the kernel drops the SYN of whoever comes next.
    const code = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
      () => console.log(s.address().port))`;
    const frozen = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanup.push(() => frozen.kill('SIGKILL'));
    const port = Number(String(await new Promise((told) => frozen.stdout.once('data', told))));
    frozen.kill('SIGSTOP');
    const crowd = Array.from({ length: 8 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
    cleanup.push(() => crowd.forEach((socket) => socket.destroy()));
    await until('some of the crowd are in', () => crowd.some((socket) => !socket.connecting));
    await expect(realStreams.open(tcp(port), ear().events, 300)).rejects.toThrow(
      `cannot connect to 127.0.0.1:${port}: no answer within 300 ms`,
    );
  });

  test('a source address of another machine rejects and says so', async () => {
    const { port } = await echo();
    await expect(
      realStreams.open({ kind: 'tcp', host: '127.0.0.1', port, localAddress: '192.0.2.1' }, ear().events),
    ).rejects.toThrow('the local address is not of this machine');
  });

  test('a source address of this machine is the one the peer sees', async () => {
    const { port, server } = await echo();
    const stream = await realStreams.open(
      { kind: 'tcp', host: '127.0.0.1', port, localAddress: '127.0.0.9' },
      ear().events,
    );
    await until('the connection', () => server.remotes.length === 1);
    expect(server.remotes[0]).toMatch(/^127\.0\.0\.9:/);
    stream.close();
  });

  test('a peer that does not read is closed instead of filling memory', async () => {
    const stuck = net.createServer((socket) => socket.pause());
    await new Promise<void>((done) => stuck.listen(0, '127.0.0.1', done));
    const { heard, events } = ear();
    const stream = await realStreams.open(tcp((stuck.address() as net.AddressInfo).port), events);
    for (let i = 0; i < 400 && heard.reasons.length === 0; i++) {
      stream.write(new Uint8Array(65_536));
      await new Promise(setImmediate);
    }
    expect(heard.reasons).toEqual(['the other side does not read']);
    stuck.close();
  });
});

describe.skipIf(!have('socat'))('tty', () => {
  const tty = (path: string): StreamAddress => ({ kind: 'tty', path, baudRate: 9600, parity: 'even' });

  async function pair() {
    const pty = await ptyPair();
    cleanup.push(pty.remove);
    return pty;
  }

  test('bytes cross a real tty both ways', async () => {
    const pty = await pair();
    const [left, right] = [ear(), ear()];
    const a = await realStreams.open(tty(pty.a), left.events);
    const b = await realStreams.open(tty(pty.b), right.events);
    a.write(Uint8Array.of(0, 3, 17, 19, 255));
    b.write(Uint8Array.of(7));
    await until('both', () => left.heard.bytes.length === 1 && right.heard.bytes.length === 5);
    expect(right.heard.bytes).toEqual([0, 3, 17, 19, 255]);
    a.close();
    b.close();
    await until('closed', () => left.heard.reasons.length === 1 && right.heard.reasons.length === 1);
    expect(left.heard.reasons).toEqual(['closed by us']);
  });

  test('a tty that vanishes is told without a write', async () => {
    const pty = await pair();
    const { heard, events } = ear();
    const stream = await realStreams.open(tty(pty.a), events);
    pty.cut();
    await until('the close', () => heard.reasons.length === 1);
    expect(heard.reasons[0]).toContain('the tty is gone');
    stream.write(Uint8Array.of(1));
    stream.close();
  });

  test('a tty can be opened again after close is told', async () => {
    const pty = await pair();
    for (let i = 0; i < 3; i++) {
      const { heard, events } = ear();
      const stream = await realStreams.open(tty(pty.a), events);
      stream.close();
      await until('closed', () => heard.reasons.length === 1);
    }
  });

  test('a tty that another has opened, one that is not there and a plain file are told apart', async () => {
    const pty = await pair();
    const stream = await realStreams.open(tty(pty.a), ear().events);
    await expect(realStreams.open(tty(pty.a), ear().events)).rejects.toThrow('in use by another process');
    await expect(realStreams.open(tty(`${pty.a}-none`), ear().events)).rejects.toThrow('no such tty');
    await expect(realStreams.open(tty('/etc/hostname'), ear().events)).rejects.toThrow('it is not a tty');
    stream.close();
  });
});
