import { z } from 'zod';
import type { CameraControl } from './camera.ts';
import { misbehaviours } from './misbehaviour.ts';
import { views } from './picture.ts';
import { streamTroubles } from './rtsp.ts';

/** What can be done to a simulated camera; what is left out stays as it is. */
export const cameraCommand = z.strictObject({
  online: z.boolean().optional(),
  password: z.string().optional(),
  clockOffsetMs: z.number().optional(),
  /** null: none. */
  misbehaviour: z.enum(misbehaviours).nullable().optional(),
  /** Only these operations misbehave (`Snapshot` is the picture); null: all. */
  operations: z.array(z.string()).nullable().optional(),
  view: z.enum(views).optional(),
  /** null: none. */
  stream: z.enum(streamTroubles).nullable().optional(),
  /** How far its recordings reach back; null: it has no recorder. */
  recordedDays: z.number().min(0).nullable().optional(),
});
export type CameraCommand = z.infer<typeof cameraCommand>;

/** A notification, as `tns1:VideoSource/MotionAlarm` with `{ State: 'true' }`. */
export const cameraEvent = z.strictObject({
  topic: z.string(),
  source: z.record(z.string(), z.string()).optional(),
  data: z.record(z.string(), z.string()),
});

export async function behave(camera: CameraControl, command: CameraCommand): Promise<void> {
  camera.password = command.password ?? camera.password;
  camera.clockOffsetMs = command.clockOffsetMs ?? camera.clockOffsetMs;
  camera.lens.view = command.view ?? camera.lens.view;
  if (command.misbehaviour !== undefined) camera.misbehaviour = command.misbehaviour;
  if (command.operations !== undefined) camera.misbehavingOperations = command.operations;
  if (command.stream !== undefined) camera.stream.trouble = command.stream;
  if (command.recordedDays !== undefined) camera.recordedDays = command.recordedDays;
  if (command.online !== undefined) await (command.online ? camera.online() : camera.offline());
}
