import type { Speech } from '../../words/language.ts';

/** A share of a hundred, never rounded up to one that it has not reached; null: a dash. */
export function percentText(percent: number | null, { locale }: Speech): string {
  if (percent === null) return '–';
  const shown = Math.floor(percent * 10) / 10;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(shown)} %`;
}

/** Day and minute in the browser's zone. UTC ms. */
export function dayAndTime(at: number, { locale }: Speech): string {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** The same without the year, for the ends of a short stretch. */
export function shortDayAndTime(at: number, { locale }: Speech): string {
  const day: Intl.DateTimeFormatOptions = { month: 'numeric', day: 'numeric' };
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return new Intl.DateTimeFormat(locale, { ...day, ...time }).format(at);
}

export function dayText(at: number, { locale }: Speech): string {
  return new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' }).format(at);
}
