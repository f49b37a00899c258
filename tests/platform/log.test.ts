import { expect, test } from 'vitest';
import { type LogOptions, realLog } from '#platform/real/log.ts';

function written(format: LogOptions['format']): string[] {
  const lines: string[] = [];
  const log = realLog({ level: 'info', format, write: (line) => lines.push(line) }).child({ part: 'uplink' });
  log.debug('unseen');
  log.warn('no connection', { reason: 'refused', password: 'hunter2', door: { token: 'hunter2' } });
  log.error('it has thrown', { error: new Error('a mistake') });
  return lines;
}

test('a line for people has time, level, message and fields, and no secret', () => {
  const [warn, error] = written('line');
  expect(warn).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}no connection part=uplink reason=refused .*\n$/);
  expect(warn).not.toContain('hunter2');
  expect(error).toContain('Error: a mistake');
});

test('a line for collectors is one JSON object, and has no secret', () => {
  const [warn, error] = written('json');
  expect(JSON.parse(warn!)).toMatchObject({ level: 'warn', msg: 'no connection', part: 'uplink' });
  expect(warn).not.toContain('hunter2');
  expect(JSON.parse(error!).error.message).toBe('a mistake');
});
