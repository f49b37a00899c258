import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Span } from '#protocols/modbus-models/reading.ts';
import type { DriverContext } from '../../driver.ts';
import type { Question } from './bus.ts';

export interface Complaint {
  code: string;
  reason: Bilingual;
}

/** One device of a bus, as far as what it reads goes: a sensor, or what hangs on an input. */
export interface Watch {
  /** What must be read for it. */
  readonly spans: readonly Span[];
  /** Takes one of these reads. Returns when it wants the next one, if that is sooner than its turn. */
  take(read: Question, values: readonly number[], at: number): number | null;
  /** What a technician should know of what it says; null when all is well. `code` changes when its kind does. */
  complaint(): Complaint | null;
}

export type WatchContext = Pick<DriverContext, 'level' | 'heard' | 'measure' | 'record' | 'clock'>;

/** The registers of a value, if they are part of this read. */
export function wordsIn(
  read: Question,
  values: readonly number[],
  value: { function: Span['table']; register: number },
  width: number,
): number[] | null {
  const from = value.register - read.register;
  if (value.function !== read.table || from < 0 || from + width > values.length) return null;
  return values.slice(from, from + width);
}
