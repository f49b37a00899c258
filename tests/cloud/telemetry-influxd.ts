import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there is no real InfluxDB to test against; null when there is. */
export function missingInflux(): string | null {
  if (spawnSync('influxd', ['version']).error === undefined) return null;
  const how = 'no influxd here: apt-get install influxdb';
  if (process.env.CI) throw new Error(how);
  return how;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Influxd {
  url: string;
  stop(): Promise<void>;
}

/** A real InfluxDB 1.x on free ports of loopback, with its data in a folder that goes with it. */
export async function startInfluxd(): Promise<Influxd> {
  const folder = await mkdtemp(join(tmpdir(), 'belfry-influx-'));
  const [http, rpc] = [await freePort(), await freePort()];
  const config = join(folder, 'influx.conf');
  await writeFile(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
`,
  );
  const child = spawn('influxd', ['-config', config], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${http}`;
  const deadline = performance.now() + 30_000;
  for (;;) {
    const up = await fetch(`${url}/ping`).then(
      (answer) => answer.status === 204,
      () => false,
    );
    if (up) break;
    if (performance.now() > deadline || child.exitCode !== null) throw new Error('influxd did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}
