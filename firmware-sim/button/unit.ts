import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { directionOf } from '#protocols/button-frame/frame.ts';
import type { Body, PressOrigin, PressType, SelfTestOutcome, Supply } from '#protocols/button-frame/frame.ts';
import { heartbeatIntervalMs, maxWaitingPresses, retransmitDelayMs } from '#protocols/button-frame/timing.ts';
import { originText } from '#protocols/signal.ts';
import type { Button, ButtonConfig, ButtonParts } from './button.ts';
import { createBadLine, goodLine } from './bad-line.ts';
import type { StoredPress } from './memory.ts';
import { createOffered } from './offered.ts';
import { createOutputs } from './outputs.ts';
import { poweredClock } from './powered-clock.ts';
import { climb, watchLimits } from './press.ts';
import type { LampCause, PressLamp, PressRecord } from './press.ts';

const tapMs = 150;
const selfTestMs = 50;
/** On a bus, from the poll's last byte to the first of the answer: 1 to 5 ms. */
const turnAroundMs = 2;
const maxRemembered = 64;
const maxHistory = 500;

/** A one-key alarm unit, alone on its line or on a bus, as docs/serial-protocol.md describes it. */
export function createButton(
  parts: ButtonParts,
  config: ButtonConfig,
  write: (bytes: Uint8Array) => void,
): Button {
  const { log, memory, random } = parts;
  const clock = poweredClock(parts.clock);
  const silent = config.silent ?? false;
  let address = config.address ?? 0;
  let line = goodLine;
  let battery: number | null = 100;
  let supply: Supply = 'external';
  let tamper = false;
  let switchOutcome: SelfTestOutcome = 'passed';

  let sequence = 0;
  let contactClosed = false;
  let presses: PressRecord[] = [];
  let history: { at: number; shown: PressLamp | 'dark' }[] = [];
  let decoder = createFrameDecoder();
  let badLine = createBadLine({ clock, random }, () => line, write);
  /** On a bus: what it will say when it is polled, the most urgent first; presses are taken from the memory. */
  let offered = createOffered();
  let outputs = createOutputs(clock, silent);
  let lastSelfTest: { host: number; number: number; outcome: SelfTestOutcome | null } | null = null;

  function send(body: Body): void {
    if (address === 0) put(body);
    else offered.add(body);
  }

  function put(body: Body): void {
    badLine.send(encodeFrame({ address, boot: memory.boot, sequence, body }));
    sequence = (sequence + 1) & 0xffff;
  }

  function powerOn(): void {
    memory.boot = (memory.boot + 1) & 0xffff;
    save();
    sequence = 0;
    contactClosed = false;
    presses = [];
    decoder = createFrameDecoder();
    badLine = createBadLine({ clock, random }, () => line, write);
    lastSelfTest = null;
    offered = createOffered();
    outputs = createOutputs(clock, silent);
    note();
    for (const { type, boot, counter, ageMs } of memory.waiting) {
      begin({ serial: config.serial, boot, counter, type }, clock.monotonic() - ageMs, true);
    }
    beat();
  }

  function save(): void {
    parts.save?.(memory);
  }

  function beat(): void {
    heartbeat();
    clock.after(config.heartbeatMs ?? heartbeatIntervalMs, beat);
  }

  function heartbeat(): void {
    const firmware = config.firmware ?? { major: 1, minor: 0 };
    const waiting = memory.waiting.length;
    const flags = { silent, tamper, contactClosed };
    send({ type: 'heartbeat', serial: config.serial, firmware, battery, supply, ...flags, waiting });
  }

  function finger(type: PressType): PressOrigin {
    memory.counter = (memory.counter + 1) & 0xffff;
    const origin = { serial: config.serial, boot: memory.boot, counter: memory.counter, type };
    makeRoom();
    memory.waiting.push({ type, boot: origin.boot, counter: origin.counter, ageMs: 0 });
    begin(origin, clock.monotonic(), false);
    save();
    if (type !== 'test' && type !== 'duress') tap(origin);
    return origin;
  }

  function tap(origin: PressOrigin): void {
    contactClosed = true;
    clock.after(tapMs, () => {
      contactClosed = false;
      const { serial, boot, counter } = origin;
      const flags = { silent, tamper, ageIsLowerBound: false };
      send({ type: 'release', serial, boot, counter, ageMs: 0, ...flags });
    });
  }

  /** The oldest after the first gives up its place, plain presses before the others. */
  function makeRoom(): void {
    if (memory.waiting.length < maxWaitingPresses) return;
    const plain = memory.waiting.findIndex((w, i) => i > 0 && w.type === 'press');
    const [given] = memory.waiting.splice(plain > 0 ? plain : 1, 1);
    log.warn('a waiting press gave up its place', { counter: given!.counter, type: given!.type });
  }

  function begin(origin: PressOrigin, pressedAt: number, ageIsLowerBound: boolean): void {
    const press: PressRecord = {
      origin,
      pressedAt,
      ageIsLowerBound,
      copies: 0,
      ackedAt: null,
      lamp: 'sending',
      lamps: [{ at: clock.monotonic(), lamp: 'sending', cause: 'press' }],
    };
    presses = [...presses, press].slice(-maxRemembered);
    watchLimits(clock, press, ageIsLowerBound ? clock.monotonic() : pressedAt, (cause) =>
      setLamp(press, 'failed', cause),
    );
    note();
    transmit(press);
  }

  function transmit(press: PressRecord): void {
    const stored = waitingFor(press);
    // On a bus each poll offers it, and no schedule is needed.
    if (stored === undefined || address !== 0) return;
    put(copyOf(press, stored));
    clock.after(retransmitDelayMs(config.serial, press.copies), () => transmit(press));
  }

  /** Another copy of a press, with the age that it has now. */
  function copyOf(press: PressRecord, stored: StoredPress): Body {
    stored.ageMs = clock.monotonic() - press.pressedAt;
    press.copies += 1;
    const { serial, boot, counter, type } = press.origin;
    const flags = { silent, tamper, ageIsLowerBound: press.ageIsLowerBound };
    return { type, serial, boot, counter, ageMs: stored.ageMs, ...flags };
  }

  /** Answers a poll on a bus with one frame: the press that was offered longest ago, or what else there is. */
  function answerPoll(): void {
    const press = presses.filter((p) => waitingFor(p)).sort((a, b) => a.copies - b.copies)[0];
    put(press ? copyOf(press, waitingFor(press)!) : offered.take());
  }

  function waitingFor(press: PressRecord): StoredPress | undefined {
    return memory.waiting.find((w) => w.boot === press.origin.boot && w.counter === press.origin.counter);
  }

  function setLamp(press: PressRecord, to: PressLamp, cause: LampCause): void {
    if (climb(press, to, cause, clock.monotonic())) note();
  }

  function shown(): PressLamp | 'dark' {
    return silent ? 'dark' : (newestShown()?.lamp ?? 'dark');
  }

  /** Nothing ever shows of duress. */
  function newestShown(): PressRecord | undefined {
    return presses.findLast((p) => p.origin.type !== 'duress');
  }

  function note(): void {
    const now = shown();
    if (now === (history.at(-1)?.shown ?? 'dark')) return;
    history = [...history, { at: clock.monotonic(), shown: now }].slice(-maxHistory);
  }

  function receive(bytes: Uint8Array): void {
    for (const { frame } of decoder.push(bytes, clock.monotonic()).frames) {
      if (directionOf(frame.body.type) !== 'host-to-unit') continue;
      if (address === 0 || frame.address === address) obey(frame.body, frame.boot);
    }
  }

  function obey(body: Body, host: number): void {
    if (body.type === 'poll') {
      if (address === 0) heartbeat();
      else clock.after(turnAroundMs, answerPoll);
    } else if (body.type === 'output' && body.serial === config.serial) switchOutput(body, host);
    else if (body.type === 'self-test' && body.serial === config.serial) selfTest(body.number, host);
    else if (body.type === 'host-ack' && body.origin.serial === config.serial) {
      const press = known(body.origin);
      memory.waiting = memory.waiting.filter(
        (w) => w.boot !== body.origin.boot || w.counter !== body.origin.counter,
      );
      save();
      if (press === undefined) return;
      press.ackedAt ??= clock.monotonic();
      setLamp(press, body.state, 'host-ack');
    } else if (body.type === 'lamp' && body.origin.serial === config.serial) {
      const press = known(body.origin);
      if (press) setLamp(press, body.state, 'command');
      const lamp = press === undefined || press !== newestShown() ? 'dark' : shown();
      const { origin, state } = body;
      send({ type: 'lamp-confirm', origin, state, shown: lamp === 'sending' ? 'dark' : lamp });
    }
  }

  function switchOutput(order: Extract<Body, { type: 'output' }>, host: number): void {
    const outcome = outputs.order(order, host);
    send({ type: 'output-result', serial: config.serial, number: order.number, outcome });
  }

  function known(origin: PressOrigin): PressRecord | undefined {
    return presses.find((p) => originText(p.origin) === originText(origin));
  }

  /** Tests once for each command, and answers each copy of it. */
  function selfTest(number: number, host: number): void {
    const answer = (outcome: SelfTestOutcome): void =>
      send({ type: 'self-test-result', serial: config.serial, number, outcome });
    if (lastSelfTest?.host === host && lastSelfTest.number === number) {
      if (lastSelfTest.outcome !== null) answer(lastSelfTest.outcome);
      return;
    }
    const run = { host, number, outcome: null as SelfTestOutcome | null };
    lastSelfTest = run;
    clock.after(selfTestMs, () => {
      run.outcome = contactClosed || memory.waiting.length > 0 ? 'busy' : switchOutcome;
      answer(run.outcome);
    });
  }

  powerOn();
  return {
    press: () => finger('press'),
    longPress: () => finger('long-press'),
    secondPress: () => finger('second-press'),
    test: () => finger('test'),
    duress: () => finger('duress'),
    receive,
    setAddress(to) {
      address = to;
    },
    setTamper(open) {
      if (tamper === open) return;
      tamper = open;
      heartbeat();
    },
    setBattery(percent, from) {
      const changed = supply !== from;
      battery = percent;
      supply = from;
      if (changed) heartbeat();
    },
    setSwitch(outcome) {
      switchOutcome = outcome;
    },
    misbehave(how) {
      line = { ...goodLine, ...how };
    },
    restart() {
      clock.cut();
      powerOn();
    },
    stop: clock.cut,
    shown,
    switchedOn: () => outputs.on(),
    lampHistory: () => history,
    presses: () => presses,
  };
}
