import { afterEach, describe, expect, it } from 'vitest';
import { eventually, openCampus, type Campus } from './campus.ts';

let campus: Campus;

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') console.error(campus?.output());
  await campus?.close();
});

async function whole(): Promise<void> {
  campus = await openCampus({ broker: 'embedded', direct: true, devices: true });
  await campus.start('cloud');
  await campus.start('edge');
  await campus.ready();
  await eventually('every device to be good', async () => {
    const states = [...(await campus.devices()).values()];
    return states.length === 5 && states.every((state) => state === 'good');
  });
}

const stateOf = async (device: string) => (await campus.devices()).get(device);

describe('what falls silent', () => {
  it('a camera that is gone turns offline with one alert, and its return clears it', async () => {
    await whole();
    await campus.control('/cameras/camera-1/behave', { online: false });
    await eventually('the camera to be offline', async () => (await stateOf('camera-1')) === 'offline');
    const alerts = await campus.alerts('open');
    expect(alerts.map(({ code, subject }) => [code, subject])).toEqual([
      ['device-offline', 'test-gateway/camera-1'],
    ]);
    await campus.control('/cameras/camera-1/behave', { online: true });
    await eventually('the camera to be back', async () => (await stateOf('camera-1')) === 'good');
    await eventually('the alert to be over', async () => (await campus.alerts('open')).length === 0);
  });

  it('a smoke sensor that is silent costs its neighbour on the bus nothing', async () => {
    await whole();
    await campus.control('/sensors/smoke-1/behave', { behaviour: { kind: 'silent' } });
    await eventually('the sensor to be offline', async () => (await stateOf('smoke-1')) === 'offline');
    expect(await stateOf('smoke-2')).toBe('good');
  });

  it('a gateway that is cut off makes its devices unknown, and is one alert', async () => {
    await whole();
    await campus.kill('edge');
    await eventually('the devices to be unknown', async () => {
      const states = [...(await campus.devices()).values()];
      return states.length === 5 && states.every((state) => state === 'unknown');
    });
    expect((await campus.alerts('open')).map(({ code }) => code)).toEqual(['gateway-offline']);
    await campus.start('edge');
    await eventually('all to be back', async () => {
      const open = await campus.alerts('open');
      return open.length === 0 && [...(await campus.devices()).values()].every((state) => state === 'good');
    });
  }, 90_000);

  it('after a restart of the cloud nothing is online until it said so', async () => {
    await whole();
    await campus.kill('edge', 'SIGTERM');
    await campus.kill('cloud');
    await campus.start('cloud');
    const states = await eventually('the API to answer', async () => [...(await campus.devices()).values()]);
    expect(states).toEqual(Array.from({ length: 5 }, () => 'unknown'));
    await campus.start('edge');
    await eventually('all to have said so', async () =>
      [...(await campus.devices()).values()].every((state) => state === 'good'),
    );
  });
});

describe('smoke', () => {
  it('reaches 110 as a fire alarm of its zone', async () => {
    await whole();
    await campus.control('/sensors/smoke-2/behave', { alarm: true });
    const frame = await eventually('110 to have it', async () => (await campus.frames())[0]);
    expect(frame.data).toBe('#1234|1111 00 802');
    await eventually('the device to show it', async () => (await stateOf('smoke-2')) === 'alarm');
  });
});
