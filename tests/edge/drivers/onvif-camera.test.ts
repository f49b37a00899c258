import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type OnvifCamera, onvifCameraDriver } from '#edge/drivers/onvif-camera.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { type CameraControl, type CameraOptions, simulateCamera } from '#sim/camera/camera.ts';
import type { Misbehaviour } from '#sim/camera/misbehaviour.ts';
import { until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const account = { username: 'admin', password: 'p@ss word' };

async function simulated(options: Partial<CameraOptions> = {}): Promise<CameraControl> {
  const camera = await simulateCamera(
    { clock: realClock, random: realRandomness },
    { ...account, ...options },
  );
  cleanups.push(() => camera.close());
  return camera;
}

function drive(address: string, more: Partial<OnvifCamera> = {}, hurry = 10) {
  const device = onvifCameraDriver.device.parse({
    id: 'gate',
    driver: 'onvif-camera',
    address,
    ...account,
    heartbeat_s: 2,
    picture_every_s: 2,
    stream_every_s: 0,
    recording_days: 0,
    events: false,
    ...more,
  });
  const told = recorder(hurry);
  const { hostname, port } = new URL(address);
  const run = onvifCameraDriver.start(told.context, {
    address: { kind: 'tcp', host: hostname, port: Number(port) },
    devices: [device],
  });
  cleanups.push(() => run.close());
  cleanups.push(() => expect(told.crashes).toEqual([]));
  return { ...told, health: () => told.healthOf('gate'), polls: () => told.heardCount('gate') };
}

describe('a camera that is well', () => {
  it.each(['token', 'digest'] as const)(
    'is known by name, clock and picture (login by %s)',
    async (login) => {
      const camera = await simulated({ login });
      const told = drive(camera.address);
      await until('it is seen', () => told.measured('snapshot_bytes').length > 0);
      expect(told.health()).toBe('good');
      expect(told.factsOf('gate')).toMatchObject({
        manufacturer: 'Belfry',
        model: 'SimCam',
        firmware: '1.2.3',
        serial: 'SIM0001',
        reached_by: 'authenticated',
        snapshot: true,
      });
      expect(told.measured('snapshot_bytes')[0]).toBeGreaterThan(100);
      expect(told.measured('snapshot_ms')[0]).toBeGreaterThanOrEqual(0);
      expect(Math.abs(told.measured('clock_offset_s')[0]!)).toBeLessThan(2);
      expect(told.lines).toEqual([{ open: true, reason: undefined }]);
    },
  );

  it('is found at its usual path when the address names only the host', async () => {
    const camera = await simulated();
    const told = drive(new URL(camera.address).origin);
    await until('it is good', () => told.health() === 'good');
  });

  it('is asked only at our address, whatever addresses it names', async () => {
    const elsewhere = await realListening.listen({ host: '127.0.0.1', port: 0 }, () => {
      touched += 1;
      return { onData() {}, onClose() {} };
    });
    let touched = 0;
    cleanups.push(() => elsewhere.close());
    const camera = await simulated();
    camera.advertisedOrigin = `http://localhost:${elsewhere.port}`;
    const told = drive(camera.address);
    await until('it is good', () => told.health() === 'good');
    expect(touched).toBe(0);
  });
});

describe('the ladder of reachability', () => {
  it('a wrong password is told as such, and not insisted on', async () => {
    const camera = await simulated({ password: 'other' });
    const told = drive(camera.address);
    await until('it is told', () => told.health().includes('password is wrong'));
    expect(told.health()).toMatch(/^fault/);
    await until('it is heard five times', () => told.polls() >= 5);
    expect(told.factsOf('gate')).toMatchObject({ reached_by: 'clock' });
    expect(camera.asked.get('GetDeviceInformation')).toBeLessThanOrEqual(3);
    camera.password = account.password;
    await until('the right password is found out', () => told.health() === 'good');
  });

  it('a web server that knows no ONVIF is told as such', async () => {
    const camera = await simulated();
    camera.misbehaviour = 'web';
    const told = drive(camera.address);
    await until('it is told', () => told.health().includes('nothing there speaks ONVIF'));
    expect(told.health()).toMatch(/^offline/);
    expect(told.polls()).toBe(0);
  });

  it('a port that opens and says nothing is told as such', async () => {
    const sockets = new Set<net.Socket>();
    const mute = net.createServer((socket) => sockets.add(socket.on('error', () => {})));
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const told = drive(`http://127.0.0.1:${(mute.address() as net.AddressInfo).port}`, {}, 20);
    await until('it is told', () => told.health().includes('nothing there speaks ONVIF'));
    expect(told.lines.at(-1)?.open).toBe(true);
  });

  it('a camera that leaves the network and returns comes back by itself', async () => {
    const camera = await simulated();
    const told = drive(camera.address);
    await until('it is good', () => told.health() === 'good');
    await camera.offline();
    await until('it is offline', () => told.health().includes('cannot be reached'));
    expect(told.health()).toMatch(/^offline/);
    expect(told.lines.at(-1)).toMatchObject({ open: false });
    await camera.online();
    await until('it is good again', () => told.health() === 'good');
    expect(told.lines.at(-1)).toMatchObject({ open: true });
  });
});

describe('the clock of a camera', () => {
  it.each([
    [3_600_000, '3600 s ahead of'],
    [-11_500, 's behind'],
  ])('that is off by %i ms is a fault, but no reason to fail the login', async (offset, words) => {
    const camera = await simulated({ login: 'token' });
    camera.clockOffsetMs = offset;
    const told = drive(camera.address);
    await until('it is told', () => told.health().includes(words));
    expect(told.factsOf('gate')).toMatchObject({ reached_by: 'authenticated' });
    expect(told.measured('clock_offset_s')[0]).toBeCloseTo(offset / 1000, -1);
  });

  it('that a restart sets back by years does not lock us out', async () => {
    const camera = await simulated({ login: 'token' });
    const told = drive(camera.address);
    await until('it is good', () => told.health() === 'good');
    await camera.reboot(100);
    await until('its clock is told', () => told.health().includes('s behind'));
    expect(told.factsOf('gate')).toMatchObject({ reached_by: 'authenticated' });
    camera.clockOffsetMs = 0;
    await until('it is good', () => told.health() === 'good');
  });
});

describe('a sick or hostile camera', () => {
  const everywhere: [Misbehaviour, string][] = [
    ['hang', 'it took too long'],
    ['drip', 'it took too long'],
    ['huge', 'the answer is larger than'],
    ['entities', 'the answer declares entities'],
    ['nested', 'the answer has too many tags'],
    ['namespaces', 'the answer is not sound XML'],
    ['shapeless', 'the answer lacks what ONVIF asks for'],
    ['empty', 'the answer is not XML'],
    ['cut', 'aborted'],
  ];

  it.each(everywhere)(
    'that answers everything with "%s" is cut off, told, and forgiven',
    async (how, why) => {
      const camera = await simulated();
      camera.misbehaviour = how;
      const told = drive(camera.address, {}, 20);
      await until('it is told', () => /^(fault|offline)/.test(told.health()));
      expect(told.health()).toContain(`nothing there speaks ONVIF (${why}`);
      expect(told.polls()).toBe(0);
      camera.misbehaviour = null;
      await until('it is good', () => told.health() === 'good');
    },
  );

  const later: [string, Misbehaviour][] = [
    ['GetDeviceInformation', 'shapeless'],
    ['GetDeviceInformation', 'hang'],
    ['GetServices', 'shapeless'],
    ['GetProfiles', 'shapeless'],
    ['GetProfiles', 'hang'],
    ['GetSnapshotUri', 'shapeless'],
    ['GetSnapshotUri', 'huge'],
    ['Snapshot', 'hang'],
    ['Snapshot', 'drip'],
    ['Snapshot', 'huge'],
    ['Snapshot', 'cut'],
    ['Snapshot', 'web'],
    ['Snapshot', 'empty'],
  ];

  it.each(later)('whose %s is "%s" still proves that it lives', async (operation, how) => {
    const camera = await simulated();
    camera.misbehaviour = how;
    camera.misbehavingOperations = [operation];
    const told = drive(camera.address, {}, 20);
    await until('it is heard', () => told.polls() >= 1);
    if (operation === 'GetServices') {
      // There is an older way to ask.
      expect(told.health()).toBe('good');
      return;
    }
    await until('it is told', () => told.health().startsWith('fault'));
    camera.misbehaviour = null;
    await until('it is good', () => told.health() === 'good');
  });

  it('does not delay a stop', async () => {
    const camera = await simulated();
    camera.misbehaviour = 'hang';
    const told = drive(camera.address, { heartbeat_s: 0.1 }, 1);
    await until('it is asked', () => (camera.asked.get('GetSystemDateAndTime') ?? 0) > 0);
    const begun = performance.now();
    await cleanups.splice(1, 1)[0]!();
    // The whole edge has 3 s to stop; the poll would have lasted 10 s.
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(told.health()).toBe('unknown');
  });
});

describe('the configuration of cameras', () => {
  const camera = { id: 'gate', driver: 'onvif-camera', address: 'http://192.0.2.1' };

  it('two devices with one address are a mistake', () => {
    const device = onvifCameraDriver.device.parse(camera);
    const line = {
      address: { kind: 'tcp', host: '192.0.2.1', port: 80 } as const,
      devices: [device, device],
    };
    expect(onvifCameraDriver.configure(line)).toEqual([
      { device: 1, problem: 'http://192.0.2.1 is already gate; one device is one camera' },
    ]);
  });

  it.each([
    ['an address that is no URL of HTTP', { address: 'tcp://192.0.2.1:80' }],
    ['an unknown key', { user: 'admin' }],
    ['a name that would break the XML', { username: 'a<b' }],
    ['a password that cameras would sign differently', { password: '密码' }],
  ])('%s is refused', (_, more) => {
    expect(onvifCameraDriver.device.safeParse(camera).success).toBe(true);
    expect(onvifCameraDriver.device.safeParse({ ...camera, ...more }).success).toBe(false);
  });
});
