import { describe, expect, it } from 'vitest';
import { judge, type Outcome, type Verdict } from '#edge/drivers/modbus/verdict.ts';

const unit = { bus: 'A', unit: 3, table: 'holding', register: 3, alarm_value: 1, normal_value: 0 } as const;
const ok: Outcome = { kind: 'ok' };
const damaged: Outcome = { kind: 'damaged' };
const silent: Outcome = { kind: 'silent' };

function verdict(polls: Outcome[], before: Verdict['code'] | null = 'good'): string | null {
  const found = judge(unit, polls, before);
  if (!found) return null;
  return found.health.state === 'good' ? 'good' : `${found.health.state} ${found.health.reason.zh}`;
}

const times = (count: number, outcome: Outcome) => Array.from({ length: count }, () => outcome);

describe('the verdict on a Modbus unit', () => {
  it('14 broken CRCs in 20 polls are one sentence for a technician', () => {
    const polls = [...times(14, damaged), ...times(6, ok)];
    expect(verdict(polls)).toBe(
      'fault 总线 A：3 号单元 20 次轮询 14 次 CRC 错误，检查终端电阻、屏蔽接地和重复地址',
    );
  });

  it('one lost poll says nothing, three in a row are an absence', () => {
    expect(verdict([ok, silent])).toBeNull();
    expect(verdict([ok, silent, silent])).toBeNull();
    expect(verdict([ok, silent, silent, silent])).toMatch(/^offline .*连续 3 次/);
    expect(verdict([ok, silent, silent, silent, ok], 'silent')).toBe('good');
  });

  it('a noisy bus does not flap between good and fault', () => {
    const four = [...times(16, ok), ...times(2, damaged), ok, damaged, ok, damaged, ok];
    expect(verdict(four.slice(-20), 'good')).toBe('good');
    expect(verdict(four.slice(-20), 'damaged')).toMatch(/^fault/);
    expect(verdict([...times(19, ok), damaged], 'damaged')).toBeNull();
    expect(verdict([damaged, ...times(19, ok)], 'damaged')).toBe('good');
  });

  it("an exception is told by its name, and a gateway's by what it means", () => {
    expect(verdict(times(2, { kind: 'exception', code: 2 }))).toMatch(/^fault .*异常 2：没有这个寄存器/);
    expect(verdict(times(2, { kind: 'exception', code: 11 }))).toMatch(/^offline .*网关等不到/);
    expect(verdict(times(2, { kind: 'exception', code: 99 }))).toMatch(/未定义/);
  });

  it('a unit that was never heard is not judged before it was asked thrice', () => {
    expect(verdict([], null)).toBeNull();
    expect(verdict([silent, silent], null)).toBeNull();
    expect(verdict([silent, silent, silent], null)).toMatch(/^offline/);
  });
});
