import { performance } from 'node:perf_hooks';

/**
 * Time for `--fast`: it runs as always while anything is under way, and jumps to the next timer as soon as all is
 * quiet. Real sockets, files and threads thus keep their real latency, and no time-out is cut short by a scale;
 * only the waiting is left out. It stands in for the timers and clocks of the whole process, so that those of
 * libraries (MQTT keep-alive, Modbus time-outs) agree with ours.
 */
export interface FastTime {
  /** From here on time only passes by itself. */
  walk(): void;
  /** Gives the process its own timers and clocks back; timers that wait are lost. */
  remove(): void;
}

/** What must hold, in real milliseconds and turns of the event loop, before all counts as quiet. */
const quietMs = 1;
const quietTurns = 4;
/** How late a timer may be while all is quiet, as a share of its time: what is due together then runs together. */
const slack = 0.1;
/** Requests to the kernel that have their answer before them. */
const underWay = /Req|ConnectWrap|WriteWrap|ShutdownWrap|FSEvent/;

class FastTimer {
  readonly #schedule: Schedule;
  readonly run: () => void;
  readonly ms: number;
  readonly repeats: boolean;
  due = 0;
  constructor(schedule: Schedule, run: () => void, ms: number, repeats: boolean) {
    this.#schedule = schedule;
    this.run = run;
    this.ms = Number.isFinite(ms) ? Math.max(1, ms) : 1;
    this.repeats = repeats;
    this.refresh();
  }
  refresh(): this {
    this.#schedule.remove(this);
    this.due = this.#schedule.now() + this.ms;
    this.#schedule.add(this);
    return this;
  }
  close(): this {
    this.#schedule.remove(this);
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Timers in order of time, then of insertion. */
class Schedule {
  readonly now: () => number;
  readonly #timers: FastTimer[] = [];
  constructor(now: () => number) {
    this.now = now;
  }
  add(timer: FastTimer): void {
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timers[middle]!.due <= timer.due) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }
  remove(timer: FastTimer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }
  first(): FastTimer | undefined {
    return this.#timers[0];
  }
  /** As late as no timer minds: those that are due by then run together. */
  next(): number {
    let latest = Infinity;
    for (const timer of this.#timers) {
      if (timer.due > latest) break;
      latest = Math.min(latest, timer.due + timer.ms * slack);
    }
    return latest;
  }
}

/**
 * Takes over the time of this process. `startAt` is what its wall clock shows from now on, UTC ms; `busy` tells of
 * work that the event loop does not show (a disk in another thread).
 */
export function installFastTime({ startAt, busy }: { startAt: number; busy(): boolean }): FastTime {
  const own = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    Date: globalThis.Date,
    now: performance.now.bind(performance),
  };
  const wallAhead = startAt - own.now();
  let skipped = 0;
  let jumping = true;
  let removed = false;
  const now = () => own.now() + skipped;
  const schedule = new Schedule(now);

  const make =
    (repeats: boolean) =>
    (run: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) =>
      new FastTimer(schedule, () => run(...args), ms, repeats);
  const clear = (timer: unknown) => {
    if (timer instanceof FastTimer) timer.close();
    else own.clearTimeout(timer as NodeJS.Timeout);
  };
  class FastDate extends own.Date {
    constructor(...args: ConstructorParameters<DateConstructor> | []) {
      if (args.length === 0) super(now() + wallAhead);
      else super(...args);
    }
    static override now(): number {
      return Math.floor(now() + wallAhead);
    }
  }
  Object.assign(globalThis, {
    setTimeout: make(false),
    setInterval: make(true),
    clearTimeout: clear,
    clearInterval: clear,
    Date: FastDate,
  });
  performance.now = now;

  let events = -1;
  let turns = 0;
  let since = 0;
  function quiet(): boolean {
    const seen = performance.nodeTiming.uvMetricsInfo.events;
    if (seen !== events || busy()) {
      events = seen;
      turns = 0;
      since = own.now();
      return false;
    }
    turns += 1;
    if (turns < quietTurns || own.now() - since < quietMs) return false;
    return !process.getActiveResourcesInfo().some((resource) => underWay.test(resource));
  }

  function turn(): void {
    if (removed) return;
    const first = schedule.first();
    if (first !== undefined && first.due <= now()) {
      setImmediate(turn);
      turns = 0;
      since = own.now();
      first.close();
      if (first.repeats) first.refresh();
      first.run();
      return;
    }
    if (jumping && first !== undefined && quiet()) {
      skipped += Math.max(0, schedule.next() - now());
      setImmediate(turn);
    } else if (busy() || !jumping) own.setTimeout(turn, 1);
    else setImmediate(turn);
  }
  setImmediate(turn);

  return {
    walk: () => void (jumping = false),
    remove() {
      removed = true;
      const { now, ...globals } = own;
      Object.assign(globalThis, globals);
      performance.now = now;
    },
  };
}
