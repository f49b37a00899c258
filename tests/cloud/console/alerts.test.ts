import { expect, test } from 'vitest';
import { alertMark } from '#cloud/console/reading/states.ts';
import { alert } from '../../browser/campus.ts';

test('a critical alert does not pass for a warning', () => {
  const warning = alertMark(alert(1, { code: 'centre-silent', severity: 'warning' }));
  expect(warning).toBe('fault');
  for (const code of ['centre-silent', 'gateway-offline', 'alarm-late', 'alarm-unreadable'] as const) {
    expect(alertMark(alert(1, { code, severity: 'critical' }))).toBe('critical');
  }
});

test('only an alarm that 110 does not have is marked as an alarm', () => {
  expect(alertMark(alert(1, { code: 'alarm-undelivered', severity: 'critical' }))).toBe('alarm');
  expect(alertMark(alert(1, { code: 'alarm-undelivered', severity: 'warning' }))).toBe('alarm');
});

test('what is over is calm, however bad it was', () => {
  expect(alertMark(alert(1, { code: 'centre-silent', severity: 'critical', closed_at: 1 }))).toBe('good');
});
