import { z } from 'zod';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext } from '../driver.ts';
import { agshClient } from './onvif/agsh-client.ts';
import { type Checkup, checkUp } from './onvif/checkup.ts';
import { jittered, pause } from './pause.ts';

/** Longest that one poll may take, whatever the camera does. */
const pollLimitMs = 10_000;
/** A camera that was lost is asked again sooner than a heartbeat, as a fraction of it. */
const retrySooner = 1 / 6;
/** After a refused login, so many heartbeats pass before it is tried again: cameras lock out insistence. */
const loginPause = 20;

const onvifCamera = deviceBase.extend({
  driver: z.literal('onvif-camera'),
  /** Its device service; the path defaults to `/onvif/device_service`. */
  address: z.url({ protocol: /^https?$/, error: 'use http://host:port' }),
  username: z
    .string()
    .max(64)
    .regex(/^[^<>&"\\:\p{Cc}]*$/u, 'must not contain < > & " \\ or :')
    .default(''),
  password: z
    .string()
    .max(128)
    .regex(/^[\x20-\x7e]*$/, 'use ASCII only: cameras disagree on how other letters are signed')
    .default(''),
});
export type OnvifCamera = z.infer<typeof onvifCamera>;

/** A camera by ONVIF: who it is, what its clock says, and whether a picture can be had. */
export const onvifCameraDriver: Driver<OnvifCamera> = {
  name: 'onvif-camera',
  wires: ['tcp'],
  device: onvifCamera,
  describe: () => ({ kind: 'camera', alarms: false, acts: [] }),
  configure: ({ devices }) =>
    devices.slice(1).map(({ address }, i) => ({
      device: i + 1,
      problem: `${address} is already ${devices[0]!.id}; one device is one camera`,
    })),
  start(context, { devices }) {
    const ending = new AbortController();
    const stop = AbortSignal.any([context.stop, ending.signal]);
    const watching = Promise.all(devices.map((device) => watch({ ...context, stop }, device))).catch(
      context.crashed,
    );
    return {
      async close() {
        ending.abort();
        await watching;
      },
    };
  },
};

async function watch(context: DriverContext, device: OnvifCamera): Promise<void> {
  const { clock, random, stop } = context;
  const heartbeatMs = device.heartbeat_s * 1000;
  let loginAt = -Infinity;
  let lost = 0;
  let open: boolean | null = null;
  await pause(clock, random.fraction() * Math.min(heartbeatMs, 3000), stop);
  while (!stop.aborted) {
    const login = clock.monotonic() >= loginAt;
    const found = await poll(context, device, login);
    if (stop.aborted) return;
    if (login) loginAt = found.denied ? clock.monotonic() + loginPause * heartbeatMs : -Infinity;
    const isLost = found.rung === 'nothing' || found.rung === 'tcp';
    lost = isLost ? lost + 1 : 0;
    if (open !== (found.rung !== 'nothing')) {
      open = found.rung !== 'nothing';
      context.line(open, open ? undefined : found.problem?.en);
    }
    tell(context, device, found, lost);
    const fraction = lost === 1 ? retrySooner : 1;
    await pause(clock, jittered(random, heartbeatMs * fraction), stop);
  }
}

/** One round of calls, ended by force when its time is over or the driver stops. */
async function poll(context: DriverContext, device: OnvifCamera, login: boolean): Promise<Checkup> {
  const { clock, stop } = context;
  const ending = new AbortController();
  const end = () => ending.abort();
  stop.addEventListener('abort', end);
  const cancel = clock.after(pollLimitMs, end);
  try {
    const camera = agshClient(new URL(device.address), device, context, ending.signal);
    return await checkUp(camera, login);
  } finally {
    cancel();
    stop.removeEventListener('abort', end);
    ending.abort();
  }
}

function tell(context: DriverContext, device: OnvifCamera, found: Checkup, lost: number): void {
  const { rung, information, clockOffsetMs, picture, problem } = found;
  const offset = clockOffsetMs === null ? null : Math.round(clockOffsetMs / 100) / 10;
  if (lost === 0) {
    const known = Object.entries(information).filter(([, value]) => value !== undefined);
    context.heard(device.id, {
      ...Object.fromEntries(known),
      ...(offset === null ? {} : { clock_offset_s: offset }),
      reached_by: rung,
      snapshot: picture !== null,
    });
  }
  if (offset !== null) context.measure(device.id, 'clock_offset_s', offset, 's');
  if (picture) {
    context.measure(device.id, 'snapshot_ms', Math.round(picture.tookMs), 'ms');
    context.measure(device.id, 'snapshot_bytes', picture.bytes, 'B');
  }
  if (!problem) context.health(device.id, { state: 'good' });
  else if (lost === 0) context.health(device.id, { state: 'fault', reason: problem });
  // One poll may be lost to the network; two in a row are the camera.
  else if (lost >= 2) context.health(device.id, { state: 'offline', reason: problem });
}
