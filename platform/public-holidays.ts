import { fileURLToPath } from 'node:url';
import { type PublicHolidays, publicHolidays } from '#protocols/calendar/public-holidays.ts';
import { readConfiguration } from './configuration.ts';

/** The list that comes with the product: China's, as published each year. */
export const shippedHolidays = fileURLToPath(
  new URL('../protocols/calendar/china-public-holidays.yaml', import.meta.url),
);

/** Reads a list of public holidays. Throws a `ConfigurationError` with file and line. */
export function readHolidays(file = shippedHolidays): PublicHolidays {
  return readConfiguration(file, publicHolidays, { env: {} }).value;
}
