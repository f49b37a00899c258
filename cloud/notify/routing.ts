import { type ApiAlert, isAboutAlarm } from '#protocols/api.ts';
import type { Channel, Language } from './channel.ts';
import type { Rule } from './config.ts';

/** `at`: UTC ms at which hours begin. */
export type Route = { when: 'now' | 'never'; language: Language } | { when: 'later'; at: number };

const dayMs = 86_400_000;
const minuteMs = 60_000;
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Told to every channel at once, whatever its rules: somebody may be in danger, or practises that. */
export function goesEverywhere({ code, mode }: Pick<ApiAlert, 'code' | 'mode'>): boolean {
  return code === 'alarm-undelivered' && (mode === 'real' || mode === 'drill');
}

/** What the rules say of an alert at a channel, at `now` (UTC ms). */
export function routeOf(
  alert: Pick<ApiAlert, 'code' | 'subject' | 'mode' | 'severity' | 'campus'>,
  channel: Pick<Channel, 'id' | 'kind' | 'language'>,
  rules: readonly Rule[],
  now: number,
  timeZone: string,
): Route {
  const theirs = rules.filter(({ channels }) => channels === undefined || channels.includes(channel.id));
  const fitting = theirs.filter(
    (rule) =>
      (rule.severity === 'warning' || alert.severity === 'critical') &&
      (rule.codes === undefined || rule.codes.includes(alert.code)) &&
      (rule.campuses === undefined || (alert.campus !== null && rule.campuses.includes(alert.campus))),
  );
  const language = fitting.find((rule) => rule.language !== undefined)?.language ?? channel.language;
  // A webhook is a program: without rules of its own it is told everything.
  const serious = channel.kind === 'webhook' || alert.severity === 'critical';
  const byDefault = theirs.length === 0 && serious;
  if (goesEverywhere(alert) || byDefault) return { when: 'now', language };
  if (fitting.length === 0) return { when: 'never', language };
  if (isAboutAlarm(alert)) return { when: 'now', language };
  const begins = fitting.map(({ hours }) => (hours === undefined ? now : hoursFrom(hours, now, timeZone)));
  const at = Math.min(...begins);
  return at <= now ? { when: 'now', language } : { when: 'later', at };
}

/** `now` within the hours, else when they begin next. Hours may cross midnight; their day is that of their beginning. */
function hoursFrom(hours: NonNullable<Rule['hours']>, now: number, timeZone: string): number {
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
  const local = localOf(now, timeZone);
  const length = to > from ? to - from : to - from + 1440;
  for (const back of [0, 1]) {
    const day = days[(local.day + 7 - back) % 7]!;
    const since = local.minute + back * 1440 - from;
    if (hours.days.includes(day) && since >= 0 && since < length) return now;
  }
  const midnight = now - local.minute * minuteMs - (now % minuteMs);
  for (let ahead = 0; ahead <= 7; ahead += 1) {
    const at = midnight + ahead * dayMs + from * minuteMs;
    if (at > now && hours.days.includes(days[(local.day + ahead) % 7]!)) return at;
  }
  return now;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function localOf(at: number, timeZone: string): { day: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const value = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return {
    day: days.indexOf(value('weekday').toLowerCase() as (typeof days)[number]),
    minute: Number(value('hour')) * 60 + Number(value('minute')),
  };
}
