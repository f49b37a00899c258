import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { pressTypes, selfTestOutcomes, type PressOrigin } from '#protocols/button-frame/frame.ts';
import { id, lampState, origin } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { onWire, port, via } from '../wire.ts';
import { blankMemory, type ButtonMemory } from './memory.ts';
import { serveButton } from './serve.ts';
import type { Button } from './unit.ts';

/** A button as its control door shows it. */
export const simulatedButton = z.object({
  id,
  /** UTC ms of the last press of its finger; null: never. */
  pressed_at: z.number().nullable(),
  /** The lamp and the press that it speaks of; null: dark. */
  lamp: z.object({ counter: z.int(), state: lampState }).nullable(),
});
export type SimulatedButton = z.infer<typeof simulatedButton>;

/** One press as its unit remembers it (the newest 64). */
export const rememberedPress = z.object({
  origin,
  pressed_at: z.number(),
  host_acked: z.boolean(),
  lamp: lampState.nullable(),
});
export type RememberedPress = z.infer<typeof rememberedPress>;

/** Answer to a press: the origin that edge and cloud will know it by. */
export const pressed = origin;

const raise = {
  press: (unit) => unit.press(),
  'long-press': (unit) => unit.longPress(),
  'second-press': (unit) => unit.secondPress(),
  test: (unit) => unit.test(),
} satisfies Record<(typeof pressTypes)[number], (unit: Button) => PressOrigin>;

/** One-key alarm buttons, each on a line of its own (docs/serial-protocol.md). */
export const buttons = simulatorKind({
  entry: z.strictObject({
    id,
    serial: z
      .string()
      .regex(/^[0-9a-f]{8}$/, 'use 8 of 0-9 and a-f')
      .describe('the unit’s own serial number, 8 hex digits'),
    via,
    port,
    silent: z.boolean().default(false).describe('shows and sounds nothing'),
    heartbeat_s: z.number().positive().default(30).describe('seconds between two heartbeats'),
  }),
  group: 'buttons',
  description: z.object({
    serial: z.string(),
    silent: z.boolean(),
    /** As in the edge's file: `tty:/path` or `tcp://host:port`. */
    address: z.string(),
  }),
  async start(bench, entry) {
    const { id, serial, silent } = entry;
    const file = join(bench.folder, `${id}.memory.json`);
    const memory = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as ButtonMemory)
      : blankMemory(bench.random);
    const save = (changed: ButtonMemory) => writeFileSync(file, JSON.stringify(changed));
    const parts = { ...bench, log: bench.log.child({ button: id }), memory, save };
    const config = { serial: Number.parseInt(serial, 16), silent, heartbeatMs: entry.heartbeat_s * 1000 };
    const button = await onWire(bench, entry, async (wire) => {
      const at = wire.kind === 'tcp' ? { ...wire, listen: bench.listen } : wire;
      const served = await serveButton(parts, config, at);
      return served.kind === 'absent' ? served : served.button;
    });
    const { unit, address } = button;
    const instant = bench.clock.wall() - bench.clock.monotonic();

    return {
      close: () => button.close(),
      parts: [
        {
          id,
          description: { serial, silent, address },
          wiring: { driver: 'button', address, serial, sounder: silent ? 'silent' : 'audible' },
          state(): SimulatedButton {
            const press = unit.presses().at(-1);
            if (press === undefined) return { id, pressed_at: null, lamp: null };
            const lamp =
              press.lamp === 'sending' ? null : { counter: press.origin.counter, state: press.lamp };
            return { id, pressed_at: press.pressedAt + instant, lamp };
          },
          records: {
            presses: (): { items: RememberedPress[] } => ({
              items: unit.presses().map(({ origin, pressedAt, ackedAt, lamp }) => ({
                origin,
                pressed_at: pressedAt + instant,
                host_acked: ackedAt !== null,
                lamp: lamp === 'sending' ? null : lamp,
              })),
            }),
          },
          acts: {
            press: act(z.strictObject({ type: z.enum(pressTypes).default('press') }), ({ type }) =>
              raise[type](unit),
            ),
            misbehave: act(
              z.strictObject({
                noiseBytes: z.int().min(0).max(2_000_000).optional(),
                corrupted: z.number().min(0).max(1).optional(),
                lostBytes: z.number().min(0).max(1).optional(),
                dripMs: z.number().min(0).max(10_000).optional(),
              }),
              (how) => unit.misbehave(how),
            ),
            wire: act(z.strictObject({ plugged: z.boolean() }), ({ plugged }) =>
              plugged ? button.plugIn() : button.unplug(),
            ),
            power: act(
              z.strictObject({
                battery: z.number().min(0).max(100).nullable(),
                supply: z.enum(['external', 'battery']),
              }),
              ({ battery, supply }) => unit.setBattery(battery, supply),
            ),
            tamper: act(z.strictObject({ open: z.boolean() }), ({ open }) => unit.setTamper(open)),
            switch: act(z.strictObject({ outcome: z.enum(selfTestOutcomes) }), ({ outcome }) =>
              unit.setSwitch(outcome),
            ),
            restart: act(z.strictObject({}), () => unit.restart()),
          },
        },
      ],
    };
  },
});
