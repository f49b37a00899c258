import { z } from 'zod';
import { alertCode, deviceState } from '#protocols/api.ts';
import { deviceAct, deviceActName } from '#protocols/messages/command.ts';
import { bilingual } from '#protocols/messages/bilingual.ts';
import { recordKind } from '#protocols/messages/telemetry.ts';
import { pressTypes } from '#protocols/button-frame/frame.ts';
import { id, lampState, mode, signalType } from '#protocols/signal.ts';
import { simulatorConfig } from '#sim/configuration.ts';

/** `90s`, `2m`, `1h30m`, `500ms` as milliseconds. */
function durationMs(text: string): number | null {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text);
  if (text === '' || match === null) return null;
  const [, h = 0, m = 0, s = 0, ms = 0] = match;
  return ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000 + Number(ms);
}

const duration = z.string().transform((text, context) => {
  const ms = durationMs(text);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: 'expected a duration as in 500ms, 90s, 2m or 1h30m' });
  return z.NEVER;
});

/** `07:20` or `07:20:30` as milliseconds since midnight. */
function clockTimeMs(text: string): number | null {
  const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  return match && ((Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3] ?? 0)) * 1000;
}

const hour = z.string().transform((text, context) => {
  const ms = clockTimeMs(text);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: 'expected a time of day as in "07:20" or "07:20:30"' });
  return z.NEVER;
});

/** At a time of the school's clock, or so long after the step before. */
export type Moment = { kind: 'clock'; ms: number } | { kind: 'after'; ms: number };
const moment = z.string().transform((text, context): Moment => {
  const clock = clockTimeMs(text);
  if (clock !== null) return { kind: 'clock', ms: clock };
  const after = text.startsWith('+') ? durationMs(text.slice(1)) : null;
  if (after !== null) return { kind: 'after', ms: after };
  context.addIssue({
    code: 'custom',
    message: 'expected "07:20", "07:20:30", or "+90s" after the step before',
  });
  return z.NEVER;
});

const linkName = z.enum(['edge-cloud', 'edge-110', 'cloud-110', 'cloud-broker']);
const processName = z.enum(['edge', 'cloud', 'broker']);
export type LinkName = z.infer<typeof linkName>;
export type ProcessName = z.infer<typeof processName>;

const count = z.int().min(0);

/** What must come true. Exactly one of its keys. */
export const expectation = exactlyOne({
  /** An alarm that the cloud holds, with 110's receipt unless `delivered: false`. */
  alarm: z.strictObject({
    device: id,
    type: signalType.optional(),
    mode: mode.optional(),
    delivered: z.boolean().default(true),
    /** Which way it took to 110. */
    path: z.enum(['cloud', 'direct']).optional(),
  }),
  /** What 110 itself has acknowledged of a device, whoever brought it. */
  at_110: z.strictObject({
    device: id,
    code: z
      .string()
      .regex(/^\d{3}$/)
      .optional(),
  }),
  lamp: z.strictObject({ button: id, shows: z.enum([...lampState.options, 'dark']) }),
  device: z.strictObject({ device: id, state: deviceState }),
  gateway: z.strictObject({ state: z.enum(['online', 'offline', 'unknown']) }),
  alert: z.strictObject({
    code: alertCode,
    /** A device of this gateway; any subject without it. */
    device: id.optional(),
    state: z.enum(['open', 'closed']).default('open'),
  }),
  /** How many alarms there have been since the scenario began, of this device and mode or of all. */
  alarms: z.strictObject({
    device: id.optional(),
    mode: mode.optional(),
    at_least: count.optional(),
    at_most: count.optional(),
  }),
  /** How many alerts are open. */
  open_alerts: z.strictObject({ at_most: count }),
  measured: z.strictObject({
    device: id,
    field: z.string(),
    between: z.tuple([z.number(), z.number()]),
  }),
  /** How many records (check-ins, gates that opened) of this kind and with these details the cloud holds since. */
  records: z.strictObject({
    device: id,
    kind: recordKind,
    with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
    at_least: count.default(1),
  }),
  /** What came of the newest `ask` of it. */
  answer: z.strictObject({
    device: id,
    to: deviceActName,
    state: z.enum(['done', 'failed', 'expired']).default('done'),
  }),
});
export type Expectation = z.infer<typeof expectation>;

/** One line of the timeline: when, and exactly one thing. */
const step = exactlyOne(
  {
    press: z.union([
      id.transform((button) => ({ button, type: 'press' as const })),
      z.strictObject({ button: id, type: z.enum(pressTypes).default('press') }),
    ]),
    /** Any act of any simulated part, as `belfry sim` lists them. */
    act: z.strictObject({ on: id, do: z.string(), with: z.record(z.string(), z.unknown()).default({}) }),
    /** What the cloud asks of a device: `self-test`, or an act with more to say. */
    ask: z.strictObject({
      device: id,
      to: z.preprocess((value) => (typeof value === 'string' ? { do: value } : value), deviceAct),
    }),
    cut: linkName,
    restore: linkName,
    kill: processName,
    stop: processName,
    start: processName,
    expect: expectation,
  },
  {
    at: moment.default({ kind: 'after', ms: 0 }),
    note: bilingual.strict().optional(),
    /** Of `cut`: restored by itself after it. */
    for: duration.optional(),
    /** Of `expect`: how long it has to come true; where it is a limit, how long it must hold. */
    within: duration.default(10_000),
  },
).superRefine((step, context) => {
  if (step.for !== undefined && step.cut === undefined) {
    context.addIssue({ code: 'custom', path: ['for'], message: 'only a cut is for a time' });
  }
});
export type Step = z.infer<typeof step>;

/** scenario.yaml: a campus, what happens to it, and what must come of it. */
export const scenarioFile = z.strictObject({
  title: bilingual.strict(),
  /** What the school's clock shows when the timeline begins. */
  starts: hour.prefault('07:00'),
  /** `demo`: begins with the campus of `belfry up`; `empty`: with a 110 centre alone. */
  campus: z.enum(['demo', 'empty']).default('empty'),
  /** As sim.yaml; added to the campus. */
  hardware: simulatorConfig.prefault({}),
  /**
   * Settings of devices as in edge.yaml, by id, with a name for people. A device on simulated hardware has the
   * id of its part, and needs no entry: driver, address, login and zone follow from the part.
   */
  devices: z
    .array(z.looseObject({ id, name: bilingual.strict().optional(), zone: z.int().optional() }))
    .default([]),
  /** Further keys of edge.yaml. */
  edge: z.record(z.string(), z.unknown()).default({}),
  /** Further keys of cloud.yaml. */
  cloud: z.record(z.string(), z.unknown()).default({}),
  timeline: z.array(step).min(1),
});
export type ScenarioFile = z.infer<typeof scenarioFile>;

/** A strict object of which exactly one of `choices` is there, beside `others`. */
function exactlyOne<C extends z.ZodRawShape, O extends z.ZodRawShape = Record<never, never>>(
  choices: C,
  others?: O,
) {
  const names = Object.keys(choices);
  type Optional = { [K in keyof C]: z.ZodOptional<C[K] extends z.ZodType ? C[K] : never> };
  const optional = Object.fromEntries(
    Object.entries(choices).map(([name, schema]) => [name, (schema as z.ZodType).optional()]),
  ) as unknown as Optional;
  return z
    .strictObject({ ...optional, ...(others ?? ({} as O)) })
    .superRefine((value: Record<string, unknown>, context) => {
      const given = names.filter((name) => value[name] !== undefined);
      if (given.length === 1) return;
      const message =
        given.length === 0
          ? `expected one of ${names.join(', ')}`
          : `give one only, not ${given.join(' and ')}`;
      context.addIssue({ code: 'custom', path: given.slice(1, 2), message });
    });
}
