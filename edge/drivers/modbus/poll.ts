import type { DeviceHealth } from '#protocols/messages/state.ts';
import type { ModbusModel } from '#protocols/modbus-models/model.ts';
import type { DeviceBase, DriverContext, Line } from '../../driver.ts';
import { addressText } from '../address.ts';
import { pause } from '../pause.ts';
import type { Answer, Bus } from './bus.ts';
import { type InputSettings, watchInput } from './input.ts';
import { PollPlan, type Read } from './plan.ts';
import { watchSensor } from './sensor.ts';
import { isFromGateway, judge, type Outcome, type Verdict, windowPolls } from './verdict.ts';
import type { Watch } from './watch.ts';

/** A device of the bus as the file has it. */
export interface Polled extends DeviceBase {
  unit: number;
  model: ModbusModel;
  poll_ms: number;
  input?: InputSettings;
}

interface Watched {
  device: Polled;
  watch: Watch;
  reads: SharedRead[];
  said: { code: string; at: number } | null;
}

/** A read, and everyone who needs it. */
interface SharedRead extends Read {
  watched: Watched[];
  polls: Outcome[];
  verdict: Verdict | null;
}

/** Asks the units of a bus in turn, one question at a time, until the stop. */
export async function pollBus(context: DriverContext, bus: Bus, line: Line<Polled>): Promise<void> {
  const { clock, random, stop } = context;
  const name = addressText(line.address);
  const reads = readsOf(context, line.devices);
  const plan = new PollPlan(reads, random, clock.monotonic());
  for (;;) {
    await bus.opened();
    const { read, at } = plan.next();
    await pause(clock, Math.max(0, at - clock.monotonic()), stop);
    if (stop.aborted) return;
    const askedAt = clock.monotonic();
    const answer = await bus.ask(read);
    if (stop.aborted) return;
    // The wire closed: the question is asked again when it is open.
    if (answer === null) continue;
    if (isFailure(answer)) {
      const also = plan.failed(read, askedAt, clock.monotonic());
      for (const lost of [read, ...also]) note(name, lost, answer);
    } else {
      plan.answered(read, clock.monotonic());
      note(name, read, answer.kind === 'values' ? { kind: 'ok' } : answer);
    }
    for (const { device, watch } of read.watched) {
      if (answer.kind === 'values') {
        const again = watch.take(read, answer.values, answer.at);
        if (again !== null) plan.hurry(read, again);
      } else if (answer.kind === 'exception' && !isFromGateway(answer.code)) context.heard(device.id);
    }
    const concerned = new Set(reads.filter((r) => r.unit === read.unit).flatMap((r) => r.watched));
    for (const watched of concerned) tell(context, watched);
  }
}

function readsOf(context: DriverContext, devices: readonly Polled[]): SharedRead[] {
  const reads = new Map<string, SharedRead>();
  for (const device of devices) {
    const { model, input, unit, poll_ms } = device;
    const watch =
      model.channels && input
        ? watchInput(context, device, model.channels, input)
        : watchSensor(context, device, model);
    const watched: Watched = { device, watch, reads: [], said: null };
    for (const span of watch.spans) {
      const key = `${unit} ${span.table} ${span.register} ${span.count}`;
      const read = reads.get(key) ?? { ...span, unit, poll_ms, watched: [], polls: [], verdict: null };
      read.poll_ms = Math.min(read.poll_ms, poll_ms);
      read.watched.push(watched);
      watched.reads.push(read);
      reads.set(key, read);
    }
  }
  return [...reads.values()];
}

type Failure = Exclude<Answer, { kind: 'values' }>;

/** The unit was not there, or what it said could not be read: the bus was held in vain. */
function isFailure(answer: Answer): answer is Failure {
  if (answer.kind === 'exception') return isFromGateway(answer.code);
  return answer.kind !== 'values';
}

function note(bus: string, read: SharedRead, outcome: Outcome): void {
  read.polls = [...read.polls, outcome].slice(-windowPolls);
  read.verdict = judge({ ...read, bus }, read.polls, read.verdict?.code ?? null) ?? read.verdict;
}

/** Health is told when its kind changes, and its figures once a heartbeat. */
function tell(context: DriverContext, watched: Watched): void {
  const { device, said } = watched;
  const found = healthOf(watched);
  if (!found) return;
  const now = context.clock.monotonic();
  if (said && said.code === found.code && now - said.at < device.heartbeat_s * 1000) return;
  watched.said = { code: found.code, at: now };
  context.health(device.id, found.health);
}

/** The worst of its reads, then what it says itself; null while it is not known whether it is good. */
function healthOf({ reads, watch }: Watched): { code: string; health: DeviceHealth } | null {
  const bad = reads.find((r) => r.verdict && r.verdict.code !== 'good')?.verdict;
  if (bad) return bad;
  const complaint = watch.complaint();
  if (complaint) return { code: complaint.code, health: { state: 'fault', reason: complaint.reason } };
  if (reads.some((r) => r.verdict === null)) return null;
  return { code: 'good', health: { state: 'good' } };
}
