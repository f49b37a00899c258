import { z } from 'zod';
import { outputs, pressTypes, selfTestOutcomes, type PressOrigin } from '#protocols/button-frame/frame.ts';
import { id, lampState, origin } from '#protocols/signal.ts';
import { act, type Bench, type SimulatedPart } from '../kind.ts';
import { writeWhole } from '../whole-file.ts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blankMemory, type ButtonMemory } from './memory.ts';
import type { Button, ButtonParts } from './button.ts';

/** A button as its control door shows it. */
export const simulatedButton = z.object({
  id,
  /** UTC ms of the last press of its finger; null: never. */
  pressed_at: z.number().nullable(),
  /** What was switched on by hand. */
  on: z.array(z.enum(outputs)).default([]),
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
  duress: (unit) => unit.duress(),
} satisfies Record<(typeof pressTypes)[number], (unit: Button) => PressOrigin>;

export const serialNumber = z
  .string()
  .regex(/^[0-9a-f]{8}$/, 'use 8 of 0-9 and a-f')
  .describe('the unit’s own serial number, 8 hex digits');

export const buttonDescription = z.object({
  serial: z.string(),
  silent: z.boolean(),
  /** As in the edge's file: `tty:/path` or `tcp://host:port`. */
  address: z.string(),
  /** Its address on a bus. */
  unit: z.int().optional(),
});

/** What a unit is made of, with the memory that it had at the last start. */
export function partsOf(bench: Bench, id: string): ButtonParts {
  const file = join(bench.folder, `${id}.memory.json`);
  const memory = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as ButtonMemory)
    : blankMemory(bench.random);
  const save = (changed: ButtonMemory) => writeWhole(file, JSON.stringify(changed));
  return { ...bench, log: bench.log.child({ button: id }), memory, save };
}

/** A unit as control door and scenarios see it, whatever line it hangs on. */
export function buttonPart(
  bench: Bench,
  unit: Button,
  about: Pick<SimulatedPart<z.infer<typeof buttonDescription>>, 'id' | 'description' | 'wiring'>,
): SimulatedPart<z.infer<typeof buttonDescription>> {
  const { id } = about;
  const instant = bench.clock.wall() - bench.clock.monotonic();
  return {
    ...about,
    state(): SimulatedButton {
      const on = [...unit.switchedOn()];
      const press = unit.presses().at(-1);
      if (press === undefined) return { id, pressed_at: null, on, lamp: null };
      const lamp = press.lamp === 'sending' ? null : { counter: press.origin.counter, state: press.lamp };
      return { id, pressed_at: press.pressedAt + instant, on, lamp };
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
  };
}
