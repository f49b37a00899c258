import type { Speech } from '../words/language.ts';

/** A duration of `ms` milliseconds, as exact as its size deserves. */
export function duration(ms: number, { words, locale }: Speech): string {
  const figure = (value: number, digits: number) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
      value,
    );
  if (ms < 9.95) return words.milliseconds(figure(ms, ms === 0 ? 0 : 1));
  if (ms < 999.5) return words.milliseconds(figure(ms, 0));
  if (ms < 59_995) return words.seconds(figure(ms / 1000, 2));
  if (ms < 3_570_000) return words.minutes(figure(ms / 60_000, 1));
  return words.hours(figure(ms / 3_600_000, 1));
}

/** A round span such as "1 hour", for what is set and not measured. */
export function span(ms: number, { words }: Speech): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return words.minutes(String(minutes));
  const hours = Math.round(minutes / 60);
  return hours % 24 === 0 ? words.days(String(hours / 24)) : words.hours(String(hours));
}

/** A set limit in ms: "2 s", "500 ms". */
export function limit(ms: number, { words }: Speech): string {
  return ms >= 1000 ? words.seconds(String(ms / 1000)) : words.milliseconds(String(ms));
}

/** Elapsed time as a stopwatch shows it: 00:41, 1:02:07. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Time of day in the browser's zone; the day as well when it is another one than that of `now`. UTC ms. */
export function timeOfDay(at: number, now: number, { locale }: Speech): string {
  const time: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  };
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(locale, sameDay ? time : { ...time, month: 'short', day: 'numeric' }).format(
    at,
  );
}
