import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { discoverCameras } from '#edge/drivers/onvif/discovery.ts';
import { answerProbes } from '#sim/camera/discovery.ts';

it('a camera on the local network is found, and one that names no web address is left out', async (test) => {
  const camera = {
    urn: `urn:uuid:${randomUUID()}`,
    name: 'North gate',
    hardware: 'SimCam',
    location: 'gate-house',
    address: 'http://192.0.2.7/onvif/device_service',
  };
  const odd = { ...camera, urn: `urn:uuid:${randomUUID()}`, address: 'javascript:alert(1)' };
  const responders: { close(): Promise<void> }[] = [];
  try {
    for (const c of [camera, odd]) responders.push(await answerProbes(c));
  } catch (error) {
    test.skip(`this machine has no multicast: ${(error as Error).message}`);
  }
  try {
    const found = await discoverCameras();
    expect(found).toContainEqual(camera);
    expect(found.map((f) => f.urn)).not.toContain(odd.urn);
  } finally {
    for (const responder of responders) await responder.close();
  }
});
