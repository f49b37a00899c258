import type { AlertText } from '../alerts/alerts.ts';
import { gatewayCalled, type Names, type Point, pointCalled } from '../names.ts';

/** A gateway sent a press as drill, and nobody here declared one for it then. */
export function unknownDrill(point: Point, names: Names): AlertText {
  const where = pointCalled(names, point);
  return {
    code: 'drill-unknown',
    severity: 'critical',
    subject: point.gateway,
    mode: 'real',
    text: {
      zh: `${where.zh} 的按键被网关当作演练上报，但平台此刻没有这场演练：已按真实报警处理。`,
      en: `${where.en}: its gateway took a press for a drill that nobody has declared; it is treated as real.`,
    },
  };
}

/** A person has ended a drill early, and its gateway has not said that it is over. */
export function endUnanswered(
  drill: { id: string; campus: string; gateway: string },
  names: Names,
): AlertText {
  const who = gatewayCalled(names, drill.campus, drill.gateway);
  return {
    code: 'drill-end-unanswered',
    severity: 'critical',
    subject: drill.id,
    mode: 'real',
    text: {
      zh: `${who.zh} 未确认演练已结束：现场的按键可能仍按演练直送 110，请电话通知现场，真实险情请直接拨打 110。`,
      en: `${who.en} has not confirmed the end of a drill: a press there may still go to 110 as a drill. Tell the campus by telephone to call 110 in an emergency.`,
    },
  };
}
