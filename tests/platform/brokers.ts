import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes, type AedesOptions } from 'aedes';
import { until } from './pty.ts';

/** An aedes in this process, on a free port. */
export async function aedesBroker(options: AedesOptions = {}) {
  const broker = await Aedes.createBroker(options);
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    broker,
    url: `mqtt://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await new Promise<void>((done) => broker.close(done));
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** A real mosquitto that can be killed, frozen and started again on its port. */
export async function mosquitto() {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-mosquitto-'));
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
  let child: ChildProcess;
  const start = async () => {
    child = spawn('mosquitto', ['-c', config], {
      stdio: 'ignore',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    let answers = false;
    await until('mosquitto answers', () => {
      const probe = net.connect(port, '127.0.0.1', () => {
        answers = true;
        probe.destroy();
      });
      probe.on('error', () => {});
      return answers;
    });
  };
  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    start,
    signal: (name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT') => child.kill(name),
    remove() {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
