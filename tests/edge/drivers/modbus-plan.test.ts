import { describe, expect, it } from 'vitest';
import { PollPlan, type Read } from '#edge/drivers/modbus/plan.ts';

/** What a question costs on the bus, ms: 9600 baud there and back; a time-out, and the quiet after it. */
const answerMs = 30;
const failureMs = 1000;
const random = { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count) };

const reads = (units: number[], poll_ms = 1000, registers = [0]): Read[] =>
  units.flatMap((unit) =>
    registers.map((register) => ({ unit, table: 'holding' as const, register, count: 1, poll_ms })),
  );

/** Polls of each unit within `ms` of a bus on which those of `bad` fail. */
function polls(all: Read[], bad: (read: Read, now: number) => boolean, ms = 600_000): Map<number, number> {
  let now = 0;
  const plan = new PollPlan(all, random, now);
  const counts = new Map<number, number>();
  while (now < ms) {
    const { read, at } = plan.next();
    now = Math.max(now, at);
    counts.set(read.unit, (counts.get(read.unit) ?? 0) + 1);
    const askedAt = now;
    if (bad(read, now)) {
      now += failureMs;
      plan.failed(read, askedAt, now);
    } else {
      now += answerMs;
      plan.answered(read, now);
    }
  }
  return counts;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('whose turn it is on a bus', () => {
  const sixteen = reads(range(1, 16));
  const alone = polls(sixteen, () => false);

  it.each([1, 4, 15])(
    '%i units that answer nothing or nonsense cost their neighbours no tenth of their polls',
    (dead) => {
      const counts = polls(sixteen, ({ unit }) => unit <= dead);
      for (const unit of range(dead + 1, 16)) {
        expect(counts.get(unit)!).toBeGreaterThanOrEqual(0.9 * alone.get(unit)!);
      }
      for (const unit of range(1, dead)) expect(counts.get(unit)!).toBeGreaterThan(2);
    },
  );

  it('a bus that is nearly full keeps its pace beside a dead unit', () => {
    const full = reads(range(1, 28));
    const whole = polls(full, () => false);
    const counts = polls(full, ({ unit }) => unit === 28);
    for (const unit of range(1, 27)) expect(counts.get(unit)!).toBeGreaterThanOrEqual(0.9 * whole.get(unit)!);
  });

  it('a busy bus keeps its pace beside many dead units', () => {
    const busy = reads(range(1, 32), 900);
    const living = polls(reads(range(1, 22), 900), () => false);
    const counts = polls(busy, ({ unit }) => unit > 22);
    for (const unit of range(1, 22))
      expect(counts.get(unit)!).toBeGreaterThanOrEqual(0.9 * living.get(unit)!);
  });

  it('a unit that answers half of the time does not cost its neighbours a tenth either', () => {
    let asked = 0;
    const counts = polls(sixteen, ({ unit }) => unit === 1 && asked++ % 2 === 0);
    for (const unit of range(2, 16)) expect(counts.get(unit)!).toBeGreaterThanOrEqual(0.9 * alone.get(unit)!);
  });

  it('a dead unit with many registers is asked one question at a time, and all of it is back at once', () => {
    const all = [...reads([1], 1000, [0, 10, 20, 30, 40]), ...reads([2])];
    const backAt = 300_000;
    const counts = polls(all, ({ unit }, now) => unit === 1 && now < backAt, backAt);
    expect(counts.get(1)!).toBeLessThan(60);
    const seen = new Set<number>();
    polls(all, ({ unit, register }, now) => {
      if (unit === 1 && now >= backAt && now < backAt + 30_000) seen.add(register);
      return unit === 1 && now < backAt;
    });
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40]);
  });

  it('one register that is never answered does not silence the others of its unit', () => {
    const all = [...reads([1], 1000, [0, 10]), ...reads([2])];
    let good = 0;
    polls(all, ({ unit, register }) => {
      if (unit === 1 && register === 0) good += 1;
      return unit === 1 && register === 10;
    });
    expect(good).toBeGreaterThanOrEqual(0.9 * 600);
  });

  it('when a whole bus was dead, all of it is read again soon', () => {
    const backAt = 300_000;
    const seen = new Set<number>();
    polls(
      sixteen,
      ({ unit }, now) => {
        if (now >= backAt) seen.add(unit);
        return now < backAt;
      },
      backAt + 60_000,
    );
    expect(seen.size).toBe(16);
  });

  it('200 points on one bus of 25 units are each read at their own pace', () => {
    const all = reads(
      range(1, 25),
      10_000,
      range(0, 7).map((n) => 10 * n),
    );
    const counts = polls(all, () => false);
    for (const unit of range(1, 25)) expect(counts.get(unit)!).toBeGreaterThanOrEqual(0.9 * 8 * 60);
  });
});
