import nodeOnvif from 'node-onvif';
import onvif from 'onvif';
import { afterEach, describe, expect, it } from 'vitest';
import { jpegSize } from '#edge/drivers/onvif/jpeg.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { type CameraControl, simulateCamera } from '#sim/camera/camera.ts';

const login = { username: 'admin', password: 'secret' };
let camera: CameraControl | null = null;
afterEach(() => camera?.close());

async function simulated(how?: 'token' | 'digest'): Promise<CameraControl> {
  camera = await simulateCamera({ clock: realClock, random: realRandomness }, { ...login, login: how });
  return camera;
}

describe('the simulated camera', () => {
  it.each(['token', 'digest'] as const)('is a camera to onvif (agsh), login by %s', async (how) => {
    const { port } = await simulated(how);
    const cam = new onvif.Cam({
      hostname: '127.0.0.1',
      port,
      ...login,
      useWSSecurity: how === 'token',
      autoconnect: false,
      timeout: 5000,
    });
    const { model } = await new Promise<{ model: string }>((resolve, reject) =>
      cam.getSystemDateAndTime((error: Error | null) => {
        if (error) return reject(error);
        cam.getDeviceInformation((failed: Error | null, said: unknown) =>
          failed ? reject(failed) : resolve(said as { model: string }),
        );
      }),
    );
    expect(model).toBe('SimCam');
  });

  it('is a camera to node-onvif, with profiles and a picture', async () => {
    const { address } = await simulated('token');
    const device = new nodeOnvif.OnvifDevice({ xaddr: address, user: login.username, pass: login.password });
    expect(await device.init()).toMatchObject({ Manufacturer: 'Belfry', SerialNumber: 'SIM0001' });
    expect(device.getCurrentProfile()).toMatchObject({ token: 'main' });
    const { body } = await device.fetchSnapshot();
    expect(jpegSize(body)).toEqual({ width: 640, height: 360 });
  });

  it('refuses a wrong password, a replayed token and one signed by another clock', async () => {
    const control = await simulated('token');
    const ask = (password: string) =>
      new nodeOnvif.OnvifDevice({ xaddr: control.address, user: login.username, pass: password }).init();
    await expect(ask('wrong')).rejects.toThrow(/Authorized/);
    const bodies: string[] = [];
    const cam = new onvif.Cam({ hostname: '127.0.0.1', port: control.port, ...login, autoconnect: false });
    cam.on('rawRequest', (body: string) => bodies.push(body));
    await new Promise((done) => cam.getSystemDateAndTime(done));
    await new Promise((done) => cam.getDeviceInformation(done));
    const replay = () => fetch(control.address, { method: 'POST', body: bodies.at(-1)! });
    expect(await (await replay()).text()).toContain('Nonce was used before');
    control.clockOffsetMs = 60_000;
    expect(await (await replay()).text()).toContain('Created is out of time');
  });

  it('has a picture that is a JPEG, and one that is cut is none', async () => {
    const picture = await (await simulated()).lens.jpeg();
    expect(jpegSize(picture)).toEqual({ width: 640, height: 360 });
    for (const length of picture.keys()) expect(jpegSize(picture.subarray(0, length))).toBeNull();
  });
});
