import { timingSafeEqual } from 'node:crypto';
import { fastify } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Clock } from '#platform/ports.ts';
import { behave, cameraCommand } from './camera/behaviour.ts';
import { centreCommand } from './centre/behaviour.ts';
import { pressTypes } from '#protocols/button-frame/frame.ts';
import type { PressOrigin } from '#protocols/button-frame/frame.ts';
import type { Button } from './button/unit.ts';
import type { SimulatedButton, SimulatedHardware } from './description.ts';
import type { Running } from './simulator.ts';

const raise = {
  press: (unit) => unit.press(),
  'long-press': (unit) => unit.longPress(),
  'second-press': (unit) => unit.secondPress(),
  test: (unit) => unit.test(),
} satisfies Record<(typeof pressTypes)[number], (unit: Button) => PressOrigin>;

/**
 * The simulator's control door: HTTP on loopback, one bearer token. This is the hand that presses and the fault
 * that breaks; edge and cloud know nothing of it. Fills in `hardware.control.url`.
 */
export async function startControl(
  running: Running,
  hardware: SimulatedHardware,
  { clock }: { clock: Clock },
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const app = fastify({ forceCloseConnections: true }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const expected = Buffer.from(`Bearer ${hardware.control.token}`);
  app.addHook('onRequest', async (request, reply) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return reply.code(401).send({ detail: 'send the token of sim.json as Authorization: Bearer' });
    }
  });

  const found = <T>(things: Map<string, T>, id: string): T => {
    const thing = things.get(id);
    if (thing === undefined) {
      const known = [...things.keys()].join(', ');
      throw Object.assign(new Error(`there is no ${id} here; there are: ${known}`), { statusCode: 404 });
    }
    return thing;
  };
  const byId = z.object({ id: z.string() });
  const instant = clock.wall() - clock.monotonic();

  function describe(id: string): SimulatedButton {
    const press = found(running.buttons, id).unit.presses().at(-1);
    if (press === undefined) return { id, pressed_at: null, lamp: null };
    const lamp = press.lamp === 'sending' ? null : { counter: press.origin.counter, state: press.lamp };
    return { id, pressed_at: press.pressedAt + instant, lamp };
  }

  app.get('/buttons', () => ({ items: [...running.buttons.keys()].map(describe) }));
  app.get('/buttons/:id', { schema: { params: byId } }, ({ params }) => describe(params.id));
  app.get('/buttons/:id/presses', { schema: { params: byId } }, ({ params }) => ({
    items: found(running.buttons, params.id)
      .unit.presses()
      .map(({ origin, pressedAt, ackedAt, lamp }) => ({
        origin,
        pressed_at: pressedAt + instant,
        host_acked: ackedAt !== null,
        lamp: lamp === 'sending' ? null : lamp,
      })),
  }));
  app.post(
    '/buttons/:id/press',
    { schema: { params: byId, body: z.strictObject({ type: z.enum(pressTypes).default('press') }) } },
    ({ params, body }) => raise[body.type](found(running.buttons, params.id).unit),
  );
  app.post(
    '/buttons/:id/misbehave',
    {
      schema: {
        params: byId,
        body: z.strictObject({
          noiseBytes: z.int().min(0).max(2_000_000).optional(),
          corrupted: z.number().min(0).max(1).optional(),
          lostBytes: z.number().min(0).max(1).optional(),
          dripMs: z.number().min(0).max(10_000).optional(),
        }),
      },
    },
    ({ params, body }) => {
      found(running.buttons, params.id).unit.misbehave(body);
      return { ok: true };
    },
  );
  app.post(
    '/buttons/:id/wire',
    { schema: { params: byId, body: z.strictObject({ plugged: z.boolean() }) } },
    async ({ params, body }) => {
      const button = found(running.buttons, params.id);
      await (body.plugged ? button.plugIn() : button.unplug());
      return { ok: true };
    },
  );

  app.post(
    '/cameras/:id/behave',
    { schema: { params: byId, body: cameraCommand } },
    async ({ params, body }) => {
      await behave(found(running.cameras, params.id), body);
      return { ok: true };
    },
  );
  app.post(
    '/smoke/:id/behave',
    {
      schema: {
        params: byId,
        body: z.strictObject({
          smoke: z.boolean().optional(),
          answers: z.enum(['answers', 'silent', 'damaged']).optional(),
        }),
      },
    },
    ({ params, body }) => {
      const unit = found(running.smoke, params.id);
      unit.smoke = body.smoke ?? unit.smoke;
      if (body.answers !== undefined) unit.behaviour = { kind: body.answers };
      return { ok: true };
    },
  );

  app.post('/centres/:id/behave', { schema: { params: byId, body: centreCommand } }, ({ params, body }) => {
    found(running.centres, params.id).behave(body);
    return { ok: true };
  });
  app.get('/centres/:id/frames', { schema: { params: byId } }, ({ params }) => {
    const centre = found(running.centres, params.id);
    return { items: centre.frames(), counts: centre.counts() };
  });

  const url = await app.listen({ host: '127.0.0.1', port });
  hardware.control.url = url;
  return { port: Number(new URL(url).port), close: () => app.close() };
}
