import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { readHolidays } from '#platform/public-holidays.ts';
import { schoolCalendar } from '#protocols/calendar/school-calendar.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { hilltop } from '../inventory/hilltop.ts';

const holidays = readHolidays();
const days = new SchoolDays(schoolCalendar.parse(hilltop.calendar), holidays);
const at = (local: string, zone = 'Asia/Shanghai') =>
  Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;

describe('school days', () => {
  it.each([
    ['2026-09-01', true, 'the first day of term'],
    ['2026-08-31', false, 'the day before it'],
    ['2026-09-05', false, 'a Saturday'],
    ['2026-09-20', true, 'a Sunday that is worked for the National Day (调休)'],
    ['2026-09-25', false, 'the Mid-Autumn Festival'],
    ['2026-10-05', false, 'a Monday within the National Day holiday'],
    ['2026-10-10', true, 'a Saturday that is worked for it'],
    ['2026-02-14', false, 'a Saturday that is worked, outside of the terms'],
    ['2026-07-03', true, 'the last day of term'],
    ['2026-07-04', false, 'the holidays'],
  ])('%s: %s, %s', (date, school) => {
    expect(days.dayOf(at(`${date}T12:00`))).toMatchObject({ date, school });
  });

  it('the campus’s own days go before the country’s', () => {
    const own = new SchoolDays(
      schoolCalendar.parse({
        ...hilltop.calendar,
        days_off: [{ from: '2026-09-20', to: '2026-09-21' }],
        days_on: [{ day: '2026-09-26', as: 1 }],
        windows: [{ id: 'monday', kind: 'arrival', from: '07:00', to: '07:30', weekdays: [1] }],
      }),
      holidays,
    );
    expect(own.dayOf(at('2026-09-20T12:00')).school).toBe(false);
    expect(own.dayOf(at('2026-09-21T12:00')).school).toBe(false);
    const makeUp = own.dayOf(at('2026-09-26T12:00'));
    expect([makeUp.school, makeUp.windows.length]).toEqual([true, 1]);
  });

  it('midnight belongs to the day that begins, and a day of clock change is as long as it is', () => {
    expect(days.dayOf(at('2026-09-02T00:00')).date).toBe('2026-09-02');
    expect(days.dayOf(at('2026-09-02T00:00') - 1).date).toBe('2026-09-01');
    const york = new SchoolDays(
      schoolCalendar.parse({ ...hilltop.calendar, time_zone: 'America/New_York' }),
      holidays,
    );
    const change = york.dayOf(at('2026-03-08T12:00', 'America/New_York'));
    expect((change.to - change.from) / 3_600_000).toBe(23);
    expect(york.after(change).date).toBe('2026-03-09');
    expect(york.before(change).date).toBe('2026-03-07');
  });

  it('which window is now, and which were the last', () => {
    expect(days.windowNow(at('2026-09-01T07:19'))).toBe(null);
    expect(days.windowNow(at('2026-09-01T07:20'))?.id).toBe('arrival');
    expect(days.windowNow(at('2026-09-01T07:59'))?.id).toBe('arrival');
    expect(days.windowNow(at('2026-09-01T08:00'))).toBe(null);
    expect(days.windowNow(at('2026-09-05T07:30'))).toBe(null);
    const last = days.lastWindows('arrival', at('2026-09-03T07:30'), 4);
    expect(last.map(({ from }) => from)).toEqual(
      ['2026-09-03', '2026-09-02', '2026-09-01', '2026-07-03'].map((date) => at(`${date}T07:20`)),
    );
    expect(days.nextWindow('arrival', at('2026-09-04T07:20'))?.from).toBe(at('2026-09-07T07:20'));
  });

  it('the last days are those that have ended', () => {
    expect(days.daysBefore(at('2026-09-03T00:00'), 2).map(({ date }) => date)).toEqual([
      '2026-09-02',
      '2026-09-01',
    ]);
  });

  it('a day of a year whose list is not out yet says so', () => {
    expect(days.dayOf(at('2026-12-31T12:00')).published).toBe(true);
    expect(days.dayOf(at('2027-01-04T12:00'))).toMatchObject({ school: true, published: false });
  });

  it('every published day off and make-up day lies in its year, and every make-up day is a weekend', () => {
    for (const { year, off, working } of holidays.years) {
      for (const date of [...off.flatMap(({ from, to }) => [from, to]), ...working]) {
        expect(date.slice(0, 4)).toBe(String(year));
      }
      expect(working.map((date) => Temporal.PlainDate.from(date).dayOfWeek).every((d) => d > 5)).toBe(true);
    }
  });

  it('the lists have as many days off as their notices say', () => {
    const counts = holidays.years.map(({ off }) =>
      off.map(({ from, to }) => Temporal.PlainDate.from(from).until(to).days + 1),
    );
    expect(counts).toEqual([
      [1, 8, 3, 5, 3, 8],
      [3, 9, 3, 5, 3, 3, 7],
    ]);
  });
});
