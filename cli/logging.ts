import { realLog } from '#platform/real/log.ts';
import { UserError } from './service.ts';

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** What `--log` says, with lines for people at a terminal and JSON for whatever collects them otherwise. */
export function logOptions(level: string): Parameters<typeof realLog>[0] {
  const known = levels.find((l) => l === level);
  if (known === undefined) throw new UserError(`--log ${level}: use one of ${levels.join(', ')}`);
  return { level: known, format: process.stdout.isTTY || process.connected ? 'line' : 'json' };
}
