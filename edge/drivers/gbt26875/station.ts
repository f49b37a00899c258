import { commandCode, type Frame } from '#protocols/gbt26875/frame.ts';
import { type Decoded, type Rejected } from '#protocols/gbt26875/decoder.ts';
import { encodeFrame } from '#protocols/gbt26875/encode.ts';
import { chinaOffsetMinutes, wireTime } from '#protocols/gbt26875/time.ts';
import { encodeUnit, parseUnit, type Unit } from '#protocols/gbt26875/unit.ts';
import { reasonOf } from '#platform/reason.ts';
import type { ActResult, DriverContext } from '../../driver.ts';
import type { FirePanelDevice } from '../fire-panel.ts';
import { jittered } from '../pause.ts';
import { complaints, type Complaints } from '../complaints.ts';
import { understanding } from './understanding.ts';
import { requests } from './requests.ts';
import { faults, silent } from './words.ts';

/** A frame that comes again within this time, byte for byte, is a copy: it is answered again and not done twice. */
const copiesForMs = 60_000;
const copiesKept = 64;
const clockEveryMs = 24 * 3_600_000;
const minuteMs = 60_000;
/** Beyond the minutes of a duty poll: the answer is on its way. */
const dutyGraceMs = 15_000;
/** A minute with more than this is a noisy one. */
const noisy = { rejected: 3, discarded: 128 };
/** So many heartbeats may be missing. */
const heartbeatsMissed = 3;

/** The way back to a transmission device. */
export interface Way {
  write(bytes: Uint8Array): void;
  close(): void;
}

export interface Station {
  readonly source: number;
  frame(frame: Frame, at: number, way: Way): void;
  rejected(rejected: Rejected, way: Way): void;
  noise(decoded: Decoded): void;
  /** Another transmission device was heard, that is not in the file. */
  stranger(source: number): void;
  lost(way: Way): void;
  setClock(): Promise<ActResult>;
  dutyPoll(minutes: number): Promise<ActResult>;
  close(): void;
}

/** One user information transmission device, with the points of the file behind it. */
export function station(
  context: DriverContext,
  device: FirePanelDevice,
  points: readonly FirePanelDevice[],
): Station {
  const { clock, log } = context;
  const all = [device, ...points];
  const health = new Map<string, Complaints>(
    all.map(({ id }) => [id, complaints((state) => context.health(id, state))]),
  );
  const own = health.get(device.id)!;
  let way: Way | null = null;
  /** As it addresses us: a centre's address is set in the device. */
  let centre = device.centre ?? 0;
  let version = { main: 1, user: 0 };
  let copies: { key: string; at: number; done: Promise<boolean> }[] = [];
  let count = { rejected: 0, discarded: 0 };
  let duty: ((answered: boolean) => void) | null = null;
  let greeting = false;
  let closed = false;
  let cancelSilence = (): void => {};
  let cancelClock = (): void => {};

  const send = (serial: number, command: Frame['command'], unit: Uint8Array, to: Way | null) =>
    to?.write(
      encodeFrame({
        serial,
        version,
        time: wireTime(clock.wall(), chinaOffsetMinutes),
        source: centre,
        destination: device.source,
        command,
        unit,
      }),
    );
  const empty = new Uint8Array(0);
  const asking = requests(context, (serial, command, unit) => send(serial, command, unit, way));
  const understand = understanding(context, device, points, health, () => duty?.(true));

  function tellAll(): void {
    for (const one of health.values()) one.tell();
  }

  function watchSilence(): void {
    cancelSilence();
    cancelSilence = clock.after(device.heartbeat_s * heartbeatsMissed * 1000, () => {
      for (const one of health.values()) one.offline(silent);
      // Half-open: it must dial in anew, or the line be opened anew.
      const dead = way;
      way = null;
      dead?.close();
    });
  }

  function heardOver(from: Way): void {
    for (const { id } of all) context.heard(id);
    watchSilence();
    if (way === from) return;
    const before = way;
    way = from;
    before?.close();
    log.info('a transmission device is here', { device: device.id, source: device.source });
    // One that dials in again and again is not asked again and again.
    if (!greeting) void greet();
  }

  async function greet(): Promise<void> {
    greeting = true;
    await keepClock();
    greeting = false;
    ask('request', { type: 'read-device-state', objects: [{ reserved: 0 }] }).catch((error: unknown) =>
      log.info('the state was not read', { device: device.id, reason: reasonOf(error) }),
    );
  }

  const ask = (command: 'control' | 'request', unit: Unit) => asking.ask(command, encodeUnit(unit));

  async function setClock(): Promise<ActResult> {
    const time = wireTime(clock.wall(), chinaOffsetMinutes);
    await ask('control', { type: 'set-clock', objects: [{ time }] });
    own.set('clock', null);
    own.tell();
    return { detail: 'the transmission device took the time' };
  }

  async function keepClock(): Promise<void> {
    cancelClock();
    cancelClock = clock.after(jittered(context.random, clockEveryMs), () => void keepClock());
    try {
      await setClock();
    } catch (error) {
      if (closed) return;
      log.warn('the clock was not set', { device: device.id, reason: reasonOf(error) });
      own.set('clock', faults.clock);
      if (way !== null) own.tell();
    }
  }

  /** Does what a frame says. False: it is to be denied. */
  async function take(frame: Frame, at: number): Promise<boolean> {
    if (frame.unit.length === 0) return true;
    const parsed = parseUnit(frame.unit);
    if (!parsed.ok || parsed.unit.type === 'user') {
      own.set('not understood', faults.notUnderstood(frame.unit[0]!));
      log.warn('a unit that is not understood', { device: device.id, type: frame.unit[0] });
      return false;
    }
    await understand(parsed.unit, at);
    return true;
  }

  /** Once for all copies of a frame; each is answered. A fire is confirmed when it is durable, not before. */
  async function answer(frame: Frame, at: number, from: Way): Promise<void> {
    copies = copies.filter((copy) => at - copy.at < copiesForMs).slice(-copiesKept);
    const key = `${frame.serial} ${commandCode(frame.command)} ${Buffer.from(frame.unit).toString('hex')}`;
    let copy = copies.find((other) => other.key === key);
    if (!copy) copies.push((copy = { key, at, done: take(frame, at) }));
    const good = await copy.done;
    if (!closed) send(frame.serial, good ? 'confirm' : 'deny', empty, from);
    if (!closed) tellAll();
  }

  function minute(): void {
    const bad = count.rejected > noisy.rejected || count.discarded > noisy.discarded;
    own.set('noise', bad ? faults.bytes(count.rejected, count.discarded) : null);
    if (way !== null) own.tell();
    count = { rejected: 0, discarded: 0 };
    if (!closed) clock.after(minuteMs, minute);
  }
  clock.after(minuteMs, minute);
  watchSilence();

  return {
    source: device.source,
    frame(frame, at, from) {
      if (device.centre === undefined && frame.command === 'send') centre = frame.destination;
      version = frame.version;
      heardOver(from);
      switch (frame.command) {
        case 'confirm':
        case 'deny':
          asking.reply(frame);
          tellAll();
          break;
        case 'answer':
          asking.reply(frame);
          take(frame, at).then(() => !closed && tellAll(), context.crashed);
          break;
        case 'send':
          answer(frame, at, from).catch(context.crashed);
          break;
        default:
          // A device has nothing to ask or to command here, and the maker's own commands are not known.
          send(frame.serial, 'deny', empty, from);
          tellAll();
      }
    },
    rejected({ serial, reason }, from) {
      log.warn('a frame is denied', { device: device.id, reason });
      send(serial, 'deny', empty, from);
    },
    noise(decoded) {
      count.rejected += decoded.rejected.length;
      count.discarded += decoded.discarded;
    },
    stranger(source) {
      own.set('stranger', faults.stranger(source));
      own.tell();
    },
    lost(gone) {
      if (way === gone) way = null;
    },
    setClock,
    async dutyPoll(minutes) {
      if (way === null) throw new Error('the transmission device is not connected');
      if (duty) throw new Error('a duty poll is running already');
      const asked = clock.monotonic();
      const answered = Promise.withResolvers<boolean>();
      const end = (yes: boolean) => {
        cancel();
        duty = null;
        answered.resolve(yes);
      };
      const cancel = clock.after(minutes * 60_000 + dutyGraceMs, () => end(false));
      duty = end;
      try {
        await ask('control', { type: 'duty-poll', objects: [{ minutes }] });
      } catch (error) {
        end(false);
        throw error;
      }
      const yes = await answered.promise;
      if (closed) throw new Error('the driver has stopped');
      const seconds = Math.round((clock.monotonic() - asked) / 1000);
      const facts = { answered: yes, minutes, ...(yes && { seconds }) };
      context.record(device.id, 'duty-poll', facts);
      const detail = yes ? `answered after ${seconds} s` : `nobody answered within ${minutes} minutes`;
      return { detail, facts };
    },
    close() {
      closed = true;
      duty?.(false);
      cancelSilence();
      cancelClock();
      asking.close();
    },
  };
}
