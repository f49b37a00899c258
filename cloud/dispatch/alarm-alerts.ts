import type { DoorResult } from '#platform/doors/door.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode } from '#protocols/signal.ts';
import type { AlertText } from '../alerts/alerts.ts';
import { durationWords, faultWords, modeWords } from '../alerts/wording.ts';
import { called, gatewayCalled, type Names, type Point, pointCalled } from '../names.ts';

/** An alarm as far as people are told of it; `name` is for machines, and never said. */
export type ToldAlarm = Point & { name: string; mode: Mode };

const notReal: Bilingual = {
  zh: '这不是真实报警，请检查通往接警中心的线路。',
  en: 'It is not real: check the way to the centre.',
};

type ToldCentre = { id: string; name: Bilingual | null; primary: boolean };
export type DoorFailure = Extract<DoorResult, { kind: 'next' }>;

/** What `alarm-undelivered` is about: the alarm for the primary centre, the alarm at a centre for any other. */
export function undeliveredSubject(alarm: string, centre: { id: string; primary: boolean }): string {
  return centre.primary ? alarm : `${alarm}@${centre.id}`;
}

/** `failure`: what the last door tried has said; null while it has said nothing. */
export function undelivered(
  alarm: ToldAlarm,
  centre: ToldCentre,
  failure: DoorFailure | null,
  names: Names,
  /** How long ago the press was, ms, where that is worth saying. */
  ageMs: number | null = null,
): AlertText {
  const [where, mode, who] = [pointCalled(names, alarm), modeWords[alarm.mode], called(centre)];
  const fault = failure && faultWords[failure.fault];
  const why = { zh: fault ? `（${fault.zh}）` : '', en: fault ? ` (${fault.en}: ${failure.reason})` : '' };
  const words = ageMs === null ? null : durationWords(ageMs);
  const age = { zh: words ? `已过 ${words.zh}，` : '', en: words ? ` after ${words.en}` : '' };
  // Nobody shall call the police over a drill.
  const advice =
    alarm.mode === 'real' ? { zh: '请立即用电话报警。', en: 'Call them by telephone now.' } : notReal;
  return {
    code: 'alarm-undelivered',
    severity: centre.primary && alarm.mode === 'real' ? 'critical' : 'warning',
    subject: undeliveredSubject(alarm.name, centre),
    mode: alarm.mode,
    text: {
      zh: `${where.zh} 的${mode.zh}报警${age.zh}尚未得到${who.zh}的确认${why.zh}，仍在继续发送。${advice.zh}`,
      en: `${where.en}: the ${mode.en} alarm has not been acknowledged by ${who.en}${age.en}${why.en}; sending goes on. ${advice.en}`,
    },
  };
}

/** The words with which `alarm-undelivered` is closed. `ageMs`: from the press to the receipt. */
export function deliveredAfterAll(
  alarm: ToldAlarm,
  centre: ToldCentre,
  ageMs: number,
  names: Names,
): Bilingual {
  const [where, mode, who] = [pointCalled(names, alarm), modeWords[alarm.mode], called(centre)];
  const took = durationWords(ageMs);
  return {
    zh: `${where.zh} 的${mode.zh}报警迟到送达：发生 ${took.zh}之后，${who.zh}已确认。`,
    en: `${where.en}: the ${mode.en} alarm is delivered, late: ${who.en} acknowledged it after ${took.en}.`,
  };
}

export function endedBy(alarm: ToldAlarm, by: string, names: Names): Bilingual {
  const [where, mode] = [pointCalled(names, alarm), modeWords[alarm.mode]];
  return {
    zh: `${where.zh} 的${mode.zh}报警没有送达；${by} 已终止发送。`,
    en: `${where.en}: the ${mode.en} alarm was not delivered; ${by} has ended its delivery.`,
  };
}

export function late(alarm: ToldAlarm, names: Names): AlertText {
  const [where, mode] = [pointCalled(names, alarm), modeWords[alarm.mode]];
  const advice =
    alarm.mode === 'real' ? { zh: '请核实现场情况。', en: 'Check what is happening there.' } : notReal;
  return {
    code: 'alarm-late',
    severity: alarm.mode === 'real' ? 'critical' : 'warning',
    subject: alarm.name,
    mode: alarm.mode,
    text: {
      zh: `${where.zh} 的${mode.zh}报警在发生五分钟之后才送达接警中心。${advice.zh}`,
      en: `${where.en}: the ${mode.en} alarm reached the centre more than five minutes after it was raised. ${advice.en}`,
    },
  };
}

export function refusedByDoor(centre: ToldCentre, door: string, reason: string): AlertText {
  const who = called(centre);
  return {
    code: 'centre-refused',
    severity: 'critical',
    subject: `${centre.id}/${door}`,
    text: {
      zh: `${who.zh}（通道 ${door}）拒收报警。`,
      en: `${who.en}, door ${door}, refuses alarms (${reason}).`,
    },
  };
}

/** The centres go by their ids here: those are what stands in the gateway's file. */
export function wrongCentre(
  gateway: { campus: string; id: string },
  centre: string,
  primary: string,
  names: Names,
): AlertText {
  const who = gatewayCalled(names, gateway.campus, gateway.id);
  return {
    code: 'wrong-centre',
    severity: 'critical',
    subject: gateway.id,
    text: {
      zh: `${who.zh} 把报警直接送到 ${centre}，而主接警中心是 ${primary}：请改正该网关 edge.yaml 中的 direct.centre`,
      en: `${who.en} delivers directly to ${centre}, but the primary centre is ${primary}: correct direct.centre in its edge.yaml`,
    },
  };
}
