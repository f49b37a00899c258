import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { port } from '../wire.ts';
import { behave, cameraCommand, cameraEvent } from './behaviour.ts';
import { simulateCamera } from './camera.ts';
import { sceneNames } from './scenes.ts';

/** ONVIF cameras. */
export const cameras = simulatorKind({
  entry: z.strictObject({
    id,
    port,
    username: z.string().default('belfry').describe('of its ONVIF user'),
    password: z.string().default('').describe('of that user'),
    scene: z.enum(sceneNames).default('gate').describe('what it looks at'),
  }),
  group: 'cameras',
  description: z.object({ address: z.string(), username: z.string(), password: z.string() }),
  async start(bench, { id, port, username, password, scene }) {
    const { host } = bench;
    const camera = await bench.atPort(port, (free) =>
      simulateCamera(bench, { host, port: free, username, password, scene, serial: `SIM-${id}` }),
    );
    const description = { address: `http://${host}:${camera.port}`, username, password };
    return {
      close: () => camera.close(),
      parts: [
        {
          id,
          description,
          wiring: { driver: 'onvif-camera', ...description },
          state: () => ({
            misbehaviour: camera.misbehaviour,
            view: camera.lens.view,
            stream: camera.stream.trouble,
            viewers: camera.stream.viewers,
            recordedDays: camera.recordedDays,
            clockOffsetMs: camera.clockOffsetMs,
            asked: Object.fromEntries(camera.asked),
          }),
          acts: {
            behave: act(cameraCommand, (command) => behave(camera, command)),
            /** A notification to whoever pulls events. */
            event: act(cameraEvent, (event) => camera.emit(event)),
            reboot: act(
              z.strictObject({
                ms: z.number().min(0).max(600_000),
                clock: z.enum(['kept', 'lost']).default('lost'),
              }),
              ({ ms, clock }) => camera.reboot(ms, clock),
            ),
          },
        },
      ],
    };
  },
});
