import type { DoorFault } from '#platform/doors/door.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode } from '#protocols/signal.ts';

export const modeWords: Record<Mode, Bilingual> = {
  real: { zh: '真实', en: 'real' },
  test: { zh: '测试', en: 'test' },
  drill: { zh: '演练', en: 'drill' },
  probe: { zh: '探测', en: 'probe' },
};

/** What a door reports, in words of people; its own reason is technical, in English, and for technicians. */
export const faultWords: Record<DoorFault, Bilingual> = {
  unreachable: { zh: '无法连接', en: 'cannot be reached' },
  silent: { zh: '没有应答', en: 'no answer' },
  failed: { zh: '接警系统出错', en: 'its system has an error' },
  refused: { zh: '拒收', en: 'refused' },
  closed: { zh: '通道已关闭', en: 'the door is closed' },
};

const minutesFromMs = 120_000;

/** A duration as exact as it matters to people: "850 ms", "2.3 s", and from two minutes on "5.0 min". */
export function durationWords(ms: number): Bilingual {
  const whole = Math.round(ms);
  if (whole < 1000) return { zh: `${whole} 毫秒`, en: `${whole} ms` };
  const [figure, zh, en] =
    whole < minutesFromMs ? [whole / 1000, '秒', 's'] : [whole / 60_000, '分钟', 'min'];
  return { zh: `${figure.toFixed(1)} ${zh}`, en: `${figure.toFixed(1)} ${en}` };
}
