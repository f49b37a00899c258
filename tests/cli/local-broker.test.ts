import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import mqtt from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEdgeFile } from '../../cli/edge-file.ts';
import { aedesBroker } from '../platform/brokers.ts';
import { until } from '../platform/pty.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder: string;
const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-local-broker-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

interface Made {
  username: string;
  password: string;
  password_hash: string;
}

async function credential(username: string): Promise<Made> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'credential', username, '--json']);
  return JSON.parse(stdout) as Made;
}

function edgeFile(port: number, cloud: string, { username, password_hash }: Made, more: object = {}): string {
  const file = join(folder, 'edge.yaml');
  const device = {
    driver: 'mqtt-devices',
    address: 'local:',
    mapping: 'zigbee2mqtt',
    username,
    password_hash,
  };
  writeFileSync(
    file,
    JSON.stringify({
      campus: 'school',
      gateway: 'gate',
      account: '1100',
      broker: { url: cloud },
      local_broker: { port, ...more },
      devices: [{ id: 'sos', ...device, kind: 'button', name: 'sos', zone: 1 }],
    }),
  );
  return file;
}

test('a Zigbee2MQTT signs in at the running edge with what `belfry credential` printed, and its press goes out as an alarm', async () => {
  const cloud = await aedesBroker();
  cleanups.push(() => cloud.stop());
  const watching = await mqtt.connectAsync(cloud.url);
  cleanups.push(() => watching.end(true));
  const said: string[] = [];
  watching.on('message', (topic, payload) => said.push(`${topic} ${payload.toString()}`));
  await watching.subscribeAsync('#');

  const made = await credential('zigbee');
  const port = await freePort();
  const child: ChildProcess = spawn(
    process.execPath,
    [main, 'edge', '--config', edgeFile(port, cloud.url, made), '--data', join(folder, 'data')],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  let log = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (bytes: Buffer) => (log += String(bytes)));
  const gone = new Promise((done) => child.once('exit', done));
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  await until('devices can sign in', () => log.includes('devices can sign in'), 30_000);

  const { username, password } = made;
  const connect = (secret: string) =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      username,
      password: secret,
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
  await expect(connect('not-its-password')).rejects.toThrow(/bad username or password/i);
  await until('the cloud is told', () => said.some((s) => s.includes('with a wrong password')), 30_000);
  const bridge = await connect(password);
  cleanups.push(() => bridge.end(true));
  await bridge.publishAsync('zigbee2mqtt/sos', '{"action":"single"}', { qos: 1 });
  await until('the alarm goes out', () => said.some((s) => /alarm/.test(s) && /"press"/.test(s)), 30_000);
  for (const secret of ['not-its-password', password]) expect(log + said.join()).not.toContain(secret);
}, 90_000);

test('a certificate that cannot be read, or is none, is told where it stands', async () => {
  const made = await credential('zigbee');
  writeFileSync(join(folder, 'no.pem'), 'no certificate');
  const wrong = (tls: object) => () => readEdgeFile(edgeFile(1883, 'mqtt://127.0.0.1:1', made, { tls }));
  expect(wrong({ cert: 'away.pem', key: 'no.pem' })).toThrow(/local_broker\.tls\.cert: ENOENT/);
  expect(wrong({ cert: 'no.pem', key: 'no.pem' })).toThrow(
    /local_broker\.tls: certificate and key are no PEM/,
  );
}, 60_000);
