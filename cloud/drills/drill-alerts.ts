import type { AlertText } from '../alerts/alerts.ts';
import { type Names, type Point, pointCalled } from '../names.ts';

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
