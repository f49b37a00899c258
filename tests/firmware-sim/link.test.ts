import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import type { Bench, RunningEntry, SimulatedPart } from '#sim/kind.ts';
import { links } from '#sim/link/kind.ts';

let far: Server;
let link: RunningEntry;
let part: SimulatedPart;
let near: Socket;

/** An echo behind a link, and one connection through it. */
beforeEach(async () => {
  far = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(far, 'listening');
  const bench: Bench = {
    clock: realClock,
    random: realRandomness,
    listen: realListening,
    log: realLog({ level: 'silent', format: 'line' }),
    host: '127.0.0.1',
    folder: '',
    tty: (name) => name,
    atPort: (wanted, serve) => serve(wanted),
  };
  const to = `127.0.0.1:${(far.address() as AddressInfo).port}`;
  link = await links.start(bench, links.entry.parse({ id: 'link', to }));
  part = link.parts[0]!;
  near = await connected();
});
afterEach(async () => {
  near.destroy();
  await link.close();
  far.close();
});

const portOf = ({ description }: SimulatedPart) => (description as { port: number }).port;

async function connected(): Promise<Socket> {
  const socket = connect({ port: portOf(part), host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Also after an error, which a reset is to the one that it happens to. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((done) => socket.once('close', done));
}

async function echo(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString();
}

const act = (name: string, input: unknown = {}) => part.acts[name]!.run(input);

describe('a link', () => {
  it('passes bytes both ways', async () => {
    near.write('hello');
    expect(await echo(near)).toBe('hello');
  });

  it('that is cut passes nothing and tells nobody; what was sent meanwhile arrives once it is restored', async () => {
    near.write('before');
    expect(await echo(near)).toBe('before');
    await act('cut');
    const told: string[] = [];
    near.on('data', (bytes) => told.push(bytes.toString())).on('close', () => told.push('closed'));
    near.write('during');
    // Another way to the same echo, faster than which nothing could come through the link.
    const direct = connect({ port: (far.address() as AddressInfo).port, host: '127.0.0.1' });
    for (let i = 0; i < 20; i++) {
      direct.write('x');
      await echo(direct);
    }
    direct.destroy();
    expect(told).toEqual([]);
    const arrived = echo(near);
    await act('restore');
    expect(await arrived).toBe('during');
  });

  it('that is cut for a time comes back by itself', async () => {
    await act('cut', { for_s: 0.05 });
    expect(part.state()).toMatchObject({ state: 'cut' });
    near.write('late');
    expect(await echo(near)).toBe('late');
    expect(part.state()).toMatchObject({ state: 'up' });
  });

  it('that refuses resets what is open and what comes, until it is restored', async () => {
    near.write('there?');
    await echo(near);
    const closed = closeOf(near);
    await act('cut', { how: 'refused' });
    await closed;
    const late = connect({ port: portOf(part), host: '127.0.0.1' }).on('error', () => {});
    await closeOf(late);
    await act('restore');
    const again = await connected();
    again.write('again');
    expect(await echo(again)).toBe('again');
    again.destroy();
  });

  it('leads to this machine alone', () => {
    expect(links.entry.safeParse({ id: 'link', to: '192.0.2.1:80' }).success).toBe(false);
  });
});
