import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';
import type { Question } from './bus.ts';

/** What one poll came to, as far as the wire goes. */
export type Outcome =
  { kind: 'ok' } | { kind: 'exception'; code: number } | { kind: 'damaged' } | { kind: 'silent' };

/** Polls that a verdict looks back on. */
export const windowPolls = 20;
/** So many damaged answers of the window are a fault, and so few no longer. */
const damagedLimit = { fault: 5, over: 1 };

export interface Verdict {
  code: 'good' | 'silent' | 'exception' | 'damaged';
  health: DeviceHealth;
}

type Asked = Pick<Question, 'unit' | 'table' | 'register'> & { bus: string };

/**
 * Judges a read by its last polls (newest last, at most `windowPolls`). Null: too little is known to change
 * `before`, the code of the verdict in force.
 */
export function judge(
  asked: Asked,
  polls: readonly Outcome[],
  before: Verdict['code'] | null,
): Verdict | null {
  const last = polls.at(-1);
  if (!last) return null;
  const silent = runOf(polls, (p) => p.kind === 'silent');
  if (silent >= 3) return fault('silent', silentText(asked, silent), 'offline');
  if (last.kind === 'exception' && runOf(polls, (p) => p.kind === 'exception') >= 2) {
    return fault(
      'exception',
      exceptionText(asked, last.code),
      isFromGateway(last.code) ? 'offline' : 'fault',
    );
  }
  const damaged = polls.filter((p) => p.kind === 'damaged').length;
  const stillDamaged = before === 'damaged' && damaged > damagedLimit.over;
  if (
    damaged >= damagedLimit.fault ||
    runOf(polls, (p) => p.kind === 'damaged') >= 3 ||
    (stillDamaged && last.kind !== 'silent')
  ) {
    return fault('damaged', damagedText(asked, polls.length, damaged));
  }
  return last.kind === 'ok' ? { code: 'good', health: { state: 'good' } } : null;
}

/** Exceptions 10 and 11 are a gateway's word about a unit that did not answer it. */
export function isFromGateway(code: number): boolean {
  return code === 10 || code === 11;
}

function runOf(polls: readonly Outcome[], is: (poll: Outcome) => boolean): number {
  return polls.length - 1 - polls.findLastIndex((poll) => !is(poll));
}

function fault(code: Verdict['code'], reason: Bilingual, state: 'fault' | 'offline' = 'fault'): Verdict {
  return { code, health: { state, reason } };
}

function silentText({ bus, unit }: Asked, polls: number): Bilingual {
  return {
    zh: `总线 ${bus}：${unit} 号单元连续 ${polls} 次轮询没有回答，检查供电、地址、波特率和 A/B 接线`,
    en: `Bus ${bus}: unit ${unit} did not answer ${polls} polls in a row; check its power, address, baud rate and A/B wires`,
  };
}

function damagedText({ bus, unit }: Asked, polls: number, damaged: number): Bilingual {
  return {
    zh: `总线 ${bus}：${unit} 号单元 ${polls} 次轮询 ${damaged} 次 CRC 错误，检查终端电阻、屏蔽接地和重复地址`,
    en: `Bus ${bus}: ${damaged} of ${polls} polls of unit ${unit} had CRC errors; check the terminating resistors, the shield and for a second unit with this address`,
  };
}

function exceptionText({ bus, unit, table, register }: Asked, code: number): Bilingual {
  const [zh, en] = exceptions[code] ?? ['未定义的异常', 'an exception that the standard does not define'];
  return {
    zh: `总线 ${bus}：${unit} 号单元对读 ${table} ${register} 回答异常 ${code}：${zh}`,
    en: `Bus ${bus}: unit ${unit} answered the reading of ${table} ${register} with exception ${code}: ${en}`,
  };
}

/** Modbus Application Protocol V1.1b3, section 7. */
const exceptions: Record<number, [zh: string, en: string]> = {
  1: [
    '不支持该功能码，核对型号的 function',
    'illegal function; compare `function` of its model with its manual',
  ],
  2: [
    '没有这个寄存器，核对型号的 register',
    'illegal data address; compare `register` of its model with its manual',
  ],
  3: ['数据值非法', 'illegal data value'],
  4: ['设备内部故障', 'device failure'],
  5: ['已受理，仍在处理', 'acknowledge, still working on it'],
  6: ['设备忙', 'device busy'],
  8: ['存储校验错误', 'memory parity error'],
  10: ['网关没有到该单元的通路', 'gateway path unavailable; check the routing of the gateway'],
  11: [
    '网关等不到该单元的回答，检查其供电和接线',
    'the unit did not answer the gateway; check its power and wires',
  ],
};
