import { type ChildProcess, execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { apiAlarm, apiTelemetry, itemsOf } from '#protocols/api.ts';
import { eventually, missing } from '../journeys/campus.ts';
import {
  fixedPorts,
  listeningAt,
  portIsFree,
  readCompose,
  startService,
  type DeploymentParts,
  type Service,
} from './deployment.ts';
import { buildImage, nodeFolder, pathWith, repository, type Image } from './image.ts';

/*
 * There is no container engine in CI. The Dockerfiles and the compose file are therefore read, and what they say
 * is done with folders for file systems and processes for containers.
 */

const dockerfiles = readdirSync(join(repository, 'docker'))
  .filter((name) => name.endsWith('.Dockerfile'))
  .map((name) => `docker/${name}`);
const { services, volumes } = readCompose();
const absent =
  missing('mosquitto', 'apt-get install mosquitto') || missing('influxd', 'apt-get install influxdb');

let folder: string;
let bin: string;
const images = new Map<string, Image>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-images-'));
  chmodSync(folder, 0o755);
  bin = await nodeFolder(folder);
  const parts = { folder, path: pathWith(bin), layers: new Map() };
  await Promise.all(
    dockerfiles.map(async (dockerfile) => images.set(dockerfile, await buildImage(dockerfile, parts))),
  );
  for (const { root } of images.values()) chmodSync(root, 0o755);
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

const image = (name: string) => images.get(`docker/${name}.Dockerfile`)!;

describe('the images', () => {
  it.each(dockerfiles)('%s runs on Node 24 as an ordinary user, who owns its data', (dockerfile) => {
    const { base, user, volumes, owned } = images.get(dockerfile)!;
    expect(base).toMatch(/^node:24-/);
    expect(user).toBe('node');
    expect(volumes).toEqual(['/data']);
    expect(owned.get('/data')).toBe('node:node');
  });

  it('hold what they run and nothing else of ours', () => {
    const parts = ['cloud', 'edge', 'firmware-sim'];
    const held = (name: string) => parts.filter((part) => existsSync(join(image(name).root, 'belfry', part)));
    expect(held('cloud')).toEqual(['cloud']);
    expect(held('edge')).toEqual(['edge']);
    expect(held('bench')).toEqual(['firmware-sim']);
  });

  it('carry no second Node and none of the tools of development', () => {
    for (const { root } of images.values()) {
      const packages = readdirSync(join(root, 'belfry/node_modules'));
      expect(packages).toContain('zod');
      const unwanted = /^(node-(linux|win)-|vitest$|typescript$|playwright)/;
      expect(packages.filter((name) => unwanted.test(name))).toEqual([]);
    }
  });

  it.each(['edge', 'cloud', 'bench'])('the %s can decode the pictures of cameras', async (name) => {
    const script = `const { default: sharp } = await import('sharp');
      const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).jpeg().toBuffer();
      console.log((await sharp(picture).metadata()).format);`;
    const { stdout } = await promisify(execFile)('node', ['--input-type=module', '--eval', script], {
      cwd: join(image(name).root, 'belfry'),
      env: { PATH: bin },
    });
    expect(stdout.trim()).toBe('jpeg');
  });

  it('the cloud brings the console, built from its own sources', () => {
    const dist = join(image('cloud').root, 'belfry/cloud/console/dist');
    expect(readFileSync(join(dist, 'index.html'), 'utf8')).toContain('<script');
  });
});

describe('the compose file', () => {
  it('mounts files that exist, and volumes that it declares, where the images let their user write', () => {
    for (const { volumes: mounts, build } of Object.values(services)) {
      for (const mount of mounts) {
        const [source = '', target = ''] = mount.split(':');
        if (source.startsWith('.')) {
          expect(existsSync(join(repository, 'docker', source)), mount).toBe(true);
          expect(mount).toMatch(/:ro$/);
        } else {
          expect(Object.keys(volumes)).toContain(source);
          // A new volume takes its owner from the image's folder; without one it would be root's.
          if (build) expect(images.get(build.dockerfile)!.owned.get(target), mount).toBe('node:node');
        }
      }
    }
  });

  it('begins every service again that ends, but the probe', () => {
    const once = Object.entries(services).filter(([, { restart }]) => restart === undefined);
    expect(once.map(([name]) => name)).toEqual(['probe']);
  });
});

describe.skipIf(absent)(`the deployment${absent ? ` (${absent})` : ''}`, () => {
  const running = new Map<string, ChildProcess>();
  const printed = new Map<string, string>();
  const lasting = Object.entries(services).filter(([, { profiles }]) => profiles.length === 0);
  let parts: DeploymentParts;

  function run(name: string, service: Service, change?: Partial<Service>): ChildProcess {
    const child = startService(service, parts, change);
    const note = (bytes: Buffer) => printed.set(name, (printed.get(name) ?? '') + bytes.toString());
    child.stdout!.on('data', note);
    child.stderr!.on('data', note);
    return child;
  }
  const ended = (child: ChildProcess) =>
    new Promise<number | null>((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
      child.once('error', reject);
      child.once('exit', (code) => resolve(code));
    });
  const showWhatTheySaid = () =>
    onTestFailed(() => {
      for (const [name, text] of printed) console.error(`--- ${name}\n${text.slice(-4000)}`);
    });

  beforeAll(async () => {
    const volumesIn = join(folder, 'volumes');
    mkdirSync(volumesIn);
    parts = { images, folder: volumesIn, bin };
    const ports = fixedPorts();
    expect(ports.length).toBeGreaterThan(5);
    for (const port of ports) {
      if (await portIsFree(port)) continue;
      throw new Error(
        `Port ${port} of docker/ is taken by another program; this test needs it. Is Belfry running?`,
      );
    }
  });
  afterAll(async () => {
    for (const child of running.values()) child.kill('SIGKILL');
    for (const child of running.values()) await ended(child);
  });

  const api = async (path: string): Promise<unknown> => {
    const token = readFileSync(join(parts.folder, 'probe/cli-token'), 'utf8').trim();
    const answer = await fetch(`http://127.0.0.1:8110/api/v1/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };

  it('every image finds its configuration good', async () => {
    showWhatTheySaid();
    for (const name of ['bench', 'cloud', 'edge']) {
      const service = services[name]!;
      const config = service.volumes.map((v) => v.split(':')[1]!).find((target) => target.endsWith('.yaml'))!;
      const entrypoint = ['node', 'bin/belfry.mjs', 'check', config];
      expect(await ended(run(`${name} check`, service, { entrypoint, command: [] })), name).toBe(0);
    }
  });

  it('started all at once, in no order, a press gets through', async () => {
    showWhatTheySaid();
    for (const [name, service] of lasting) running.set(name, run(name, service));
    const firstEnd = Promise.race(
      [...running].map(async ([name, child]) => {
        const code = await ended(child);
        throw new Error(`${name} ended with ${code}`);
      }),
    );
    const ready = eventually(
      'a press to get through',
      async () => {
        const answer = await fetch('http://127.0.0.1:8110/readyz');
        if (!answer.ok) throw new Error(await answer.text());
        return true;
      },
      60_000,
    );
    await Promise.race([ready, firstEnd]);

    const probe = run('probe', services['probe']!, { command: ['--json'] });
    expect(await ended(probe)).toBe(0);
    const told = JSON.parse(printed.get('probe')!.trim().split('\n').at(-1)!) as {
      alarm: string;
      lamp: string;
    };
    expect(told.lamp).toBe('delivered');
    const { items } = itemsOf(apiAlarm).parse(await api('alarms'));
    expect(items.map(({ id }) => id)).toContain(told.alarm);
  }, 90_000);

  it('serves the console', async () => {
    const page = await fetch('http://127.0.0.1:8110/');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<script');
  });

  it('keeps what a device measures in InfluxDB', async () => {
    showWhatTheySaid();
    const measured = { device: 'demo-gateway/north-gate-camera', field: 'snapshot_ms' };
    await eventually(
      'a figure of the camera',
      async () => {
        const now = Date.now();
        const asked = new URLSearchParams({ ...measured, from: `${now - 600_000}`, to: `${now + 60_000}` });
        return itemsOf(apiTelemetry).parse(await api(`telemetry?${asked}`)).items.length > 0;
      },
      60_000,
    );
    const influx = services['influxdb']!.environment['INFLUXDB_HTTP_BIND_ADDRESS'];
    const asked = new URLSearchParams({ db: 'belfry', q: 'SELECT COUNT("snapshot_ms") FROM telemetry' });
    expect(await (await fetch(`http://${influx}/query?${asked}`)).text()).toContain('"series"');
  }, 90_000);

  it('listens on loopback and nowhere else', () => {
    const loopback = '0100007F';
    for (const port of fixedPorts()) expect(listeningAt(port), `port ${port}`).toEqual([loopback]);
  });

  it('ends in order within 3 s of SIGTERM, each service', async () => {
    showWhatTheySaid();
    for (const [name, child] of [...running].toReversed()) {
      const gone = ended(child);
      child.kill('SIGTERM');
      const late = new Promise((resolve) => setTimeout(resolve, 3000, 'still there after 3 s').unref());
      expect(await Promise.race([gone, late]), name).toBe(0);
    }
  }, 60_000);
});
