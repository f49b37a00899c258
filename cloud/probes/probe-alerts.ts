import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { durationWords } from '../alerts/wording.ts';
import type { AlertText } from '../alerts/alerts.ts';
import { type Names, type Point, pointCalled } from '../names.ts';

export type Route = 'cloud' | 'direct';
export type ProbedPoint = Point & { route: Route };

const routeWords: Record<Route, Bilingual> = {
  cloud: { zh: '经云端的路径', en: 'the way through the cloud' },
  direct: { zh: '网关直连的路径', en: 'the direct way' },
};

export function probeSubject({ gateway, device, route }: ProbedPoint): string {
  return `${gateway}/${device}/${route}`;
}

export function probeFailed(point: ProbedPoint, why: string, names: Names): AlertText {
  const [where, way] = [pointCalled(names, point), routeWords[point.route]];
  return {
    code: 'probe-failed',
    severity: 'warning',
    subject: probeSubject(point),
    mode: 'probe',
    text: {
      zh: `${where.zh}：自动探测未能证明${way.zh}可用，请检查。`,
      en: `${where.en}: the scheduled probe did not prove ${way.en} (${why}).`,
    },
  };
}

/** `boundMs`: within which it should have been proved. */
export function unproved(point: ProbedPoint, boundMs: number, names: Names): AlertText {
  const [where, way, bound] = [pointCalled(names, point), routeWords[point.route], durationWords(boundMs)];
  return {
    code: 'unproved',
    severity: 'warning',
    subject: probeSubject(point),
    mode: 'probe',
    text: {
      zh: `${where.zh}：已超过 ${bound.zh}没有证明${way.zh}可用。`,
      en: `${where.en}: ${way.en} has not been proved for more than ${bound.en}.`,
    },
  };
}
