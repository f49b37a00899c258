import { z } from 'zod';
import { deviceBase } from '../config.ts';
import type { Driver } from '../driver.ts';
import { type CameraWatch, watchCamera } from './onvif/watch.ts';

const share = z.number().min(0).max(1);
const orOff = <T extends z.ZodType>(threshold: T) => z.union([z.literal(false), threshold]);

/** From which score on a picture is a fault; `false` switches a check off (`moved` for a camera that turns). */
const pictureThresholds = z.strictObject({
  black: orOff(share).default(0.98),
  overexposed: orOff(share).default(0.8),
  blurred: orOff(share).default(0.62),
  frozen: orOff(z.int().min(2).max(1000)).default(3),
  covered: orOff(z.number().min(0).max(5)).default(1.8),
  moved: orOff(share).default(0.3),
});

const seconds = z.number().min(0).max(86_400);

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
  /** More than this between the camera's clock and ours is a fault. 0: not judged. */
  clock_drift_s: seconds.default(10),
  /** How often its picture is looked at. 0: never. */
  picture_every_s: seconds.default(60),
  picture: pictureThresholds.prefault({}),
  /** How often its stream is played for a moment. 0: never. */
  stream_every_s: seconds.default(900),
  /** How many days its recordings must reach back (key zones: 90). 0: not asked. */
  recording_days: z.number().min(0).max(3650).default(30),
  /** Whether its events are listened to. */
  events: z.boolean().default(true),
});
export type OnvifCamera = z.infer<typeof onvifCamera>;

/**
 * A camera by ONVIF: who it is, what its clock says, whether its picture shows something, its stream flows, its
 * recordings reach back, and what it tells of itself.
 */
export const onvifCameraDriver: Driver<OnvifCamera> = {
  name: 'onvif-camera',
  wires: ['tcp'],
  device: onvifCamera,
  describe: () => ({ kind: 'camera', alarms: false, acts: ['snapshot', 'reboot'] }),
  configure: ({ devices }) =>
    devices.slice(1).map(({ address }, i) => ({
      device: i + 1,
      problem: `${address} is already ${devices[0]!.id}; one device is one camera`,
    })),
  start(context, { devices }) {
    const ending = new AbortController();
    const stop = AbortSignal.any([context.stop, ending.signal]);
    const watches = new Map<string, CameraWatch>(
      devices.map((device) => [device.id, watchCamera({ ...context, stop }, device)]),
    );
    const watching = Promise.all([...watches.values()].map((w) => w.ended)).catch(context.crashed);
    return {
      act(device, act) {
        const camera = watches.get(device);
        if (!camera) throw new Error(`there is no camera ${device} here`);
        if (act.do === 'snapshot') return camera.snapshot();
        if (act.do === 'reboot') return camera.reboot();
        throw new Error('a camera can be asked for a snapshot or a restart only');
      },
      async close() {
        ending.abort();
        await watching;
      },
    };
  },
};
