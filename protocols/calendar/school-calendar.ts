import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { bilingual, type Bilingual } from '../messages/bilingual.ts';
import { type Complain, complainOfRepeats, day, id, type Path, timeOfDay } from '../inventory/reference.ts';

const term = z.strictObject({ id, name: bilingual.optional(), from: day, to: day });

/** When pupils come or go, on every school day. */
const window = z.strictObject({
  id,
  name: bilingual.optional(),
  kind: z.enum(['arrival', 'dismissal']),
  from: timeOfDay,
  to: timeOfDay,
  /** 1 Monday … 7 Sunday, as a make-up working day stands for; left out: every school day. */
  weekdays: z.array(z.int().min(1).max(7)).min(1).optional(),
});

function isTimeZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

/** When a campus is in session: its terms, minus public holidays and its own days off, plus make-up days (调休). */
export const schoolCalendar = z.strictObject({
  time_zone: z
    .string()
    .refine(isTimeZone, 'expected the name of a time zone, as in Asia/Shanghai')
    .default('Asia/Shanghai'),
  terms: z.array(term).max(100).default([]),
  /** The campus's own, first and last day included. */
  days_off: z
    .array(z.strictObject({ from: day, to: day, name: bilingual.optional() }))
    .max(500)
    .default([]),
  /** The campus's own make-up days; `as`: the weekday it stands for (1 Monday … 7 Sunday). */
  days_on: z
    .array(z.strictObject({ day, as: z.int().min(1).max(7).optional() }))
    .max(500)
    .default([]),
  windows: z.array(window).max(20).default([]),
});
export type SchoolCalendar = z.output<typeof schoolCalendar>;
export type CalendarWindow = SchoolCalendar['windows'][number];

/** What no single entry can see: repeats, terms that overlap, windows that no clock can show. */
export function complainOfCalendar(calendar: SchoolCalendar, path: Path, complain: Complain): void {
  const { terms, days_off, windows } = calendar;
  complainOfRepeats(terms, [...path, 'terms'], { zh: '学期', en: 'term' }, complain);
  complainOfRepeats(windows, [...path, 'windows'], { zh: '时段', en: 'window' }, complain);
  for (const [name, spans] of [['terms', terms] as const, ['days_off', days_off] as const]) {
    for (const [i, { from, to }] of spans.entries()) {
      if (to < from)
        complain([...path, name, i, 'to'], {
          zh: `${to} 结束，却在 ${from} 才开始`,
          en: `ends on ${to}, before it begins on ${from}`,
        });
    }
  }
  for (const [i, term] of terms.entries()) {
    const other = terms.slice(0, i).find(({ from, to }) => term.from <= to && from <= term.to);
    if (other) complain([...path, 'terms', i], overlaps({ zh: '学期', en: 'term' }, other.id));
  }
  for (const [i, window] of windows.entries()) {
    const at = [...path, 'windows', i];
    if (window.to <= window.from) {
      complain([...at, 'to'], {
        zh: `${window.from} 到 ${window.to} 跨过午夜：请写成两个时段，每天一个`,
        en: `${window.from} to ${window.to} crosses midnight: give two windows, one for each day`,
      });
      continue;
    }
    const change = clockChangeWithin(calendar, window);
    if (change !== null) {
      complain(at, {
        zh: `${change} 这天，${calendar.time_zone} 的时钟正好在其中调整`,
        en: `on ${change} the clocks of ${calendar.time_zone} change within it`,
      });
    }
    const other = windows.slice(0, i).find(({ from, to }) => window.from < to && from < window.to);
    if (other && sharesWeekday(window, other)) complain(at, overlaps({ zh: '时段', en: 'window' }, other.id));
  }
}

function overlaps(what: Bilingual, id: string): Bilingual {
  return { zh: `与${what.zh} ${id} 重叠`, en: `overlaps the ${what.en} ${id}` };
}

function sharesWeekday(one: CalendarWindow, other: CalendarWindow): boolean {
  return !one.weekdays || !other.weekdays || one.weekdays.some((day) => other.weekdays!.includes(day));
}

/** The first day of a term on which the window is not as long on the wall as in truth. */
function clockChangeWithin({ time_zone, terms }: SchoolCalendar, window: CalendarWindow): string | null {
  for (const { from, to } of terms) {
    const end = Temporal.PlainDate.from(to).add({ days: 1 }).toZonedDateTime(time_zone);
    let change = Temporal.PlainDate.from(from).toZonedDateTime(time_zone).getTimeZoneTransition('next');
    while (change !== null && Temporal.ZonedDateTime.compare(change, end) < 0) {
      const date = change.toPlainDate();
      const at = (time: string) => date.toZonedDateTime({ timeZone: time_zone, plainTime: time });
      const wall = Temporal.PlainTime.from(window.from).until(window.to).total('milliseconds');
      const meant = (time: string) => at(time).toPlainTime().equals(time);
      const truth = at(window.to).epochMilliseconds - at(window.from).epochMilliseconds;
      if (truth !== wall || !meant(window.from) || !meant(window.to)) return date.toString();
      change = change.getTimeZoneTransition('next');
    }
  }
  return null;
}
