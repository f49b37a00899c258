import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { port } from '../wire.ts';
import { simulateCamera } from './camera.ts';
import { misbehaviours } from './misbehaviour.ts';

/** ONVIF cameras. */
export const cameras = simulatorKind({
  entry: z.strictObject({
    id,
    port,
    username: z.string().default('belfry'),
    password: z.string().default(''),
  }),
  group: 'cameras',
  description: z.object({ address: z.string(), username: z.string(), password: z.string() }),
  async start(bench, { id, port, username, password }) {
    const { host } = bench;
    const camera = await bench.atPort(port, (free) =>
      simulateCamera(bench, { host, port: free, username, password, serial: `SIM-${id}` }),
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
            clockOffsetMs: camera.clockOffsetMs,
            asked: Object.fromEntries(camera.asked),
          }),
          acts: {
            behave: act(
              z.strictObject({
                online: z.boolean().optional(),
                password: z.string().optional(),
                clockOffsetMs: z.number().optional(),
                /** null: none. */
                misbehaviour: z.enum(misbehaviours).nullable().optional(),
              }),
              async ({ online, password, clockOffsetMs, misbehaviour }) => {
                camera.password = password ?? camera.password;
                if (misbehaviour !== undefined) camera.misbehaviour = misbehaviour;
                camera.clockOffsetMs = clockOffsetMs ?? camera.clockOffsetMs;
                if (online !== undefined) await (online ? camera.online() : camera.offline());
              },
            ),
            reboot: act(z.strictObject({ ms: z.number().min(0).max(600_000) }), ({ ms }) =>
              camera.reboot(ms),
            ),
          },
        },
      ],
    };
  },
});
