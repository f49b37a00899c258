import { z } from 'zod';
import { zone } from '#protocols/signal.ts';
import { type Backoff, backoff } from '#platform/backoff.ts';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext, Line } from '../driver.ts';
import { addressText, streamOf } from './address.ts';
import { type Answer, type Bus, openBus } from './modbus/bus.ts';
import type { Framing } from './modbus/framing.ts';
import { isFromGateway, judge, type Outcome, type Verdict, windowPolls } from './modbus/verdict.ts';
import { pause } from './pause.ts';

/** A silent unit is asked ever less often, so that it does not cost its neighbours their turns. */
const askingTheSilent = { firstMs: 2000, maxMs: 13_000 };
/** Never sooner than this: each question to it holds the bus for a time-out and the quiet after it. */
const silentLeastMs = 2000;

const modbusSmoke = deviceBase
  .extend({
    driver: z.literal('modbus-smoke'),
    zone,
    unit: z.int().min(1, 'units are numbered 1 to 247').max(247, 'units are numbered 1 to 247'),
    function: z.enum(['holding', 'input', 'coil', 'discrete']),
    /** As in the frame, counted from 0. */
    register: z.int().min(0).max(65_535),
    alarm_value: z.int().min(0).max(65_535).default(1),
    /** What it reads without smoke; any other value is a fault. Default 0, or 1 where 0 means alarm. */
    normal_value: z.int().min(0).max(65_535).optional(),
    poll_ms: z.int().min(100).max(60_000).default(1000),
    /** Default: `rtu` on a tty, `tcp` on TCP. `rtu` on TCP is a serial device server. */
    framing: z.enum(['rtu', 'tcp']).optional(),
  })
  .refine((d) => d.normal_value !== d.alarm_value, {
    path: ['normal_value'],
    error: 'differs from alarm_value, or smoke could not be told from its absence',
  });
export type ModbusSmoke = z.infer<typeof modbusSmoke>;

/** Smoke sensors on one Modbus bus: RTU on a tty or behind a serial device server, or Modbus TCP. */
export const modbusSmokeDriver: Driver<ModbusSmoke> = {
  name: 'modbus-smoke',
  wires: ['tty', 'tcp'],
  device: modbusSmoke,
  describe: () => ({ kind: 'smoke', alarms: true, acts: [] }),
  configure(line) {
    const problems: { device: number; problem: string }[] = [];
    const seen = new Map<string, string>();
    line.devices.forEach((device, i) => {
      const point = `unit ${device.unit}, ${device.function} ${device.register}`;
      const other = seen.get(point);
      if (other) problems.push({ device: i, problem: `${point} on this bus is already ${other}` });
      seen.set(point, device.id);
      if (framingOf(device, line) !== framingOf(line.devices[0]!, line)) {
        problems.push({ device: i, problem: 'all devices of one bus have the same framing' });
      }
      if (device.framing === 'tcp' && line.address.kind === 'tty') {
        problems.push({ device: i, problem: 'framing tcp needs a tcp:// address' });
      }
    });
    return problems;
  },
  start(context, line) {
    const ending = new AbortController();
    const stop = AbortSignal.any([context.stop, ending.signal]);
    const bus = openBus({ ...context, stop }, streamOf(line.address), framingOf(line.devices[0]!, line));
    context.stop.addEventListener('abort', () => bus.close());
    const polling = pollUnits({ ...context, stop }, bus, line).catch(context.crashed);
    return {
      async close() {
        ending.abort();
        bus.close();
        await polling;
      },
    };
  },
};

function framingOf(device: ModbusSmoke, line: Line<ModbusSmoke>): Framing {
  return device.framing ?? (line.address.kind === 'tty' ? 'rtu' : 'tcp');
}

interface Polled {
  device: ModbusSmoke;
  normal_value: number;
  dueAt: number;
  polls: Outcome[];
  silentInARow: number;
  silentPace: Backoff;
  lastReading: number | null;
  /** What was last told of its level. */
  up: boolean | null;
  said: { verdict: Verdict; at: number } | null;
}

/** Asks the units in turn, one question at a time: whoever has been due the longest. */
async function pollUnits(context: DriverContext, bus: Bus, line: Line<ModbusSmoke>): Promise<void> {
  const { clock, random, stop } = context;
  const busName = addressText(line.address);
  const units = line.devices.map((device): Polled => {
    const normal_value = device.normal_value ?? (device.alarm_value === 0 ? 1 : 0);
    const dueAt = clock.monotonic() + random.fraction() * Math.min(device.poll_ms, 1000);
    return {
      device,
      normal_value,
      dueAt,
      polls: [],
      silentInARow: 0,
      silentPace: backoff(askingTheSilent, random),
      lastReading: null,
      up: null,
      said: null,
    };
  });
  for (;;) {
    await bus.opened();
    const unit = units.reduce((a, b) => (b.dueAt < a.dueAt ? b : a));
    await pause(clock, Math.max(0, unit.dueAt - clock.monotonic()), stop);
    if (stop.aborted) return;
    const askedAt = clock.monotonic();
    const { unit: number, function: table, register } = unit.device;
    const answer = await bus.ask({ unit: number, table, register });
    if (stop.aborted) return;
    if (answer) take(context, busName, unit, answer);
    unit.dueAt = Math.max(askedAt + delayOf(unit), clock.monotonic());
  }
}

function delayOf({ device, silentInARow, silentPace }: Polled): number {
  if (silentInARow > 0) return Math.max(device.poll_ms, silentLeastMs + silentPace.next());
  silentPace.reset();
  return device.poll_ms;
}

function take(context: DriverContext, bus: string, unit: Polled, answer: Answer): void {
  const outcome = outcomeOf(unit, answer);
  unit.polls = [...unit.polls, outcome].slice(-windowPolls);
  const absent = outcome.kind === 'silent' || (outcome.kind === 'exception' && isFromGateway(outcome.code));
  unit.silentInARow = absent ? unit.silentInARow + 1 : 0;
  if (answer.kind === 'value') {
    context.heard(unit.device.id, { reading: answer.value });
    takeReading(context, unit, answer.value, answer.at);
  } else if (answer.kind === 'exception' && !absent) {
    context.heard(unit.device.id);
  }
  say(context, bus, unit);
}

function outcomeOf({ device, normal_value }: Polled, answer: Answer): Outcome {
  if (answer.kind !== 'value') return answer;
  if (answer.value === device.alarm_value || answer.value === normal_value) return { kind: 'ok' };
  return { kind: 'odd', value: answer.value };
}

/** One reading raises; two equal ones in a row are needed to clear, since a single one may be damaged. */
function takeReading(context: DriverContext, unit: Polled, value: number, at: number): void {
  const { device, normal_value, lastReading } = unit;
  unit.lastReading = value;
  let up = unit.up;
  if (value === device.alarm_value) up = true;
  else if (value === normal_value && lastReading === normal_value) up = false;
  if (up === null || up === unit.up) return;
  unit.up = up;
  context.level(device.id, 'smoke', up, at);
}

/** Health is told when its kind changes, and its figures once a heartbeat. */
function say(context: DriverContext, bus: string, unit: Polled): void {
  const { device, normal_value, said } = unit;
  const verdict = judge(
    {
      bus,
      unit: device.unit,
      table: device.function,
      register: device.register,
      alarm_value: device.alarm_value,
      normal_value,
    },
    unit.polls,
    said?.verdict.code ?? null,
  );
  if (!verdict) return;
  const now = context.clock.monotonic();
  if (said && said.verdict.code === verdict.code && now - said.at < device.heartbeat_s * 1000) return;
  unit.said = { verdict, at: now };
  context.health(device.id, verdict.health);
}
