import { backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import {
  type LampState,
  type Mode,
  nameText,
  type Origin,
  originText,
  type SignalName,
} from '#protocols/signal.ts';
import type { Written } from '../outbox/outbox.ts';
import type { SummedPress } from '../outbox/summed.ts';
import { type Alarm, type AlarmPath, pressedBefore } from './alarm.ts';
import { sumWindowMs } from './lamp.ts';

const minuteMs = 60_000;
const retry = { firstMs: 250, maxMs: 30_000 };
/** Summed presses that are known without asking the disk; those whose sum is still open or unsent on top. */
const recentLimit = 4096;

/** A plain press, as it goes into a sum. */
export interface PlainPress {
  device: string;
  mode: Mode;
  origin: Origin;
  silent: boolean;
  ageMs: number;
  firstByteAt: number;
  pressedAt: number;
  occurredAt: number;
  clockKnown: boolean;
}

/** A press in a sum, as its copies find it. */
export interface Member {
  readonly durable: PromiseWithResolvers<void>;
  lamp: () => LampState;
}

interface Held extends Member {
  readonly window: Window;
  readonly press: SummedPress;
  readonly firstByteAt: number | null;
  readonly pressedAt: number;
  written: boolean;
}

interface Window {
  readonly key: string;
  readonly name: SignalName;
  readonly members: Set<Held>;
  places: number;
  sum: Alarm | null;
}

/** What a closed window becomes a sum of. */
export interface WindowSummed {
  name: SignalName;
  device: string;
  mode: Mode;
  silent: boolean;
  occurredAt: number;
  clockKnown: boolean;
  ageMs: number;
  /** Null: collected in an earlier life of the process. */
  firstByteAt: number | null;
  pressedAt: number;
  /** In the order in which they were pressed. */
  origins: Origin[];
}

/**
 * Plain presses of one point and mode beyond a rate are held for a window of 10 s and sent as one sum, so that a
 * contact that chatters does not flood 110. Each has its row on the disk before it is host-acked.
 */
export class Summing {
  readonly #path: AlarmPath;
  readonly #abovePerMinute: number;
  readonly #raise: (summed: WindowSummed) => Alarm;
  readonly #rates = new Map<string, number[]>();
  readonly #windows = new Map<string, Window>();
  readonly #members = new Map<string, Held>();

  constructor(path: AlarmPath, abovePerMinute: number, raise: (summed: WindowSummed) => Alarm) {
    this.#path = path;
    this.#abovePerMinute = abovePerMinute;
    this.#raise = raise;
  }

  /** Whether this press, which nobody has seen before, is one too many. Counts it. */
  isOver({ device, mode, pressedAt }: Pick<PlainPress, 'device' | 'mode' | 'pressedAt'>): boolean {
    const key = keyOf(device, mode);
    const near = (this.#rates.get(key) ?? []).filter((at) => Math.abs(pressedAt - at) < minuteMs);
    near.push(pressedAt);
    this.#rates.set(key, near.slice(-this.#abovePerMinute - 1));
    return near.length > this.#abovePerMinute || this.#windows.has(key);
  }

  find(device: string, origin: Origin): Member | undefined {
    return this.#members.get(memberKey(device, origin));
  }

  /** Takes a press into the open window of its point, or opens one. */
  take(press: PlainPress): Member {
    const { clock, log, outbox } = this.#path;
    const key = keyOf(press.device, press.mode);
    let window = this.#windows.get(key);
    if (!window) {
      window = { key, name: outbox.takeName(), members: new Set(), places: 0, sum: null };
      this.#windows.set(key, window);
      const opened = window;
      log.warn('presses beyond the rate are summed', { alarm: nameText(window.name), device: press.device });
      clock.after(sumWindowMs, () => this.#close(opened));
    }
    const member = this.#member(
      window,
      {
        sum: window.name,
        place: ++window.places,
        device: press.device,
        mode: press.mode,
        origin: press.origin,
        silent: press.silent,
        occurred_at: Math.round(press.occurredAt),
        clock_known: press.clockKnown,
        age_at_first_byte_ms: press.ageMs,
      },
      press.firstByteAt,
      press.pressedAt,
    );
    void this.#write(member);
    return member;
  }

  /** Windows that an earlier life left open: each is sent at once, with all that the disk knows of it. */
  resume(presses: readonly SummedPress[], isLive: (name: SignalName) => boolean): void {
    const { clock } = this.#path;
    // A file that was begun anew does not hold what an open window has.
    for (const { members } of this.#windows.values()) {
      for (const member of members) void this.#write(member);
    }
    const own = new Set([...this.#windows.values()].map(({ name }) => nameText(name)));
    for (const [name, kept] of Map.groupBy(presses, ({ sum }) => nameText(sum))) {
      const { sum, device, mode } = kept[0]!;
      if (own.has(name) || isLive(sum)) continue;
      const places = Math.max(...kept.map(({ place }) => place));
      const window: Window = { key: keyOf(device, mode), name: sum, members: new Set(), places, sum: null };
      for (const press of kept) {
        const { at, certain } = pressedBefore(this.#path, press);
        this.#member(window, press, null, certain ? at : clock.monotonic()).written = true;
      }
      this.#close(window);
    }
  }

  #member(window: Window, press: SummedPress, firstByteAt: number | null, pressedAt: number): Held {
    const durable = Promise.withResolvers<void>();
    const lamp = () => window.sum?.record.lamp ?? 'received';
    const member: Held = { window, press, firstByteAt, pressedAt, durable, lamp, written: false };
    if (firstByteAt === null) durable.resolve();
    window.members.add(member);
    this.#members.set(memberKey(press.device, press.origin), member);
    this.#forgetOld();
    return member;
  }

  #close(window: Window): void {
    if (this.#windows.get(window.key) === window) this.#windows.delete(window.key);
    if (this.#path.closed || window.members.size === 0) return;
    const members = [...window.members].sort(
      (a, b) => a.press.occurred_at - b.press.occurred_at || a.press.place - b.press.place,
    );
    const [first] = members;
    const { press } = first!;
    window.sum = this.#raise({
      name: window.name,
      device: press.device,
      mode: press.mode,
      // Whoever pressed a silent unit once is in that danger, however often they press it.
      silent: members.some((member) => member.press.silent),
      occurredAt: press.occurred_at,
      clockKnown: press.clock_known,
      ageMs: press.age_at_first_byte_ms,
      firstByteAt: first!.firstByteAt,
      pressedAt: first!.pressedAt,
      origins: members.map((member) => member.press.origin),
    });
    // The sum counts them: where it is safe, they are.
    void window.sum.durable.promise.then(() => members.forEach((member) => member.durable.resolve()));
  }

  /** Writes its row, and tries again for ever: no copy of it may become a signal of its own. */
  async #write(member: Held): Promise<void> {
    const { clock, log, notices, outbox, random } = this.#path;
    const pace = backoff(retry, random);
    const alarm = nameText(member.press.sum);
    while (!this.#path.closed) {
      try {
        const written = await outbox.join(member.press);
        notices.close('outbox', 'presses');
        if (written.kind === 'known') this.#known(member, written);
        else member.written = true;
        member.durable.resolve();
        return;
      } catch (error) {
        const reason = reasonOf(error);
        log.warn('a summed press is not on disk', { alarm, reason });
        notices.open('outbox', 'presses', {
          zh: `网关磁盘没有保存按键记录：${reason}`,
          en: `The gateway's disk has not stored a press: ${reason}`,
        });
      }
      await new Promise<void>((done) => {
        clock.after(pace.next(), done);
      });
    }
  }

  /** The disk knows this press already: it has been an alarm, or part of another sum. */
  #known(member: Held, { record }: Extract<Written, { kind: 'known' }>): void {
    const { window } = member;
    if (!window.sum) window.members.delete(member);
    member.lamp = () => record?.lamp ?? 'received';
    member.written = true;
  }

  /** Oldest first; never one whose row is not written yet or whose lamp may still change. */
  #forgetOld(): void {
    if (this.#members.size <= recentLimit) return;
    for (const [key, { window, written }] of this.#members) {
      if (written && window.sum?.left) this.#members.delete(key);
      if (this.#members.size <= recentLimit) return;
    }
  }
}

function keyOf(device: string, mode: Mode): string {
  return `${device} ${mode}`;
}

function memberKey(device: string, origin: Origin): string {
  return `${device} ${originText(origin)}`;
}
