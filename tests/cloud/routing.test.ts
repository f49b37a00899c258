import { describe, expect, it } from 'vitest';
import { notifyConfig, type Rule } from '#cloud/notify/config.ts';
import { Pace } from '#cloud/notify/pace.ts';
import { routeOf } from '#cloud/notify/routing.ts';
import { cloudConfig } from '#cloud/config.ts';
import type { ApiAlert } from '#protocols/api.ts';

const zone = 'Asia/Shanghai';
/** A Tuesday, at that time in Shanghai. */
const at = (hour: number, minute = 0, day = 1) => Date.UTC(2026, 8, day, hour - 8, minute);
const duty = { id: 'duty', kind: 'smtp', language: 'zh' } as const;
type About = Pick<ApiAlert, 'code' | 'subject' | 'mode' | 'severity' | 'campus'>;
const offline: About = {
  code: 'device-offline',
  subject: 'gate/b1',
  mode: null,
  severity: 'critical',
  campus: 'school',
};
const undelivered: About = { ...offline, code: 'alarm-undelivered', subject: 'gate.1.alarm.1', mode: 'real' };
const rules = (...given: object[]): Rule[] => notifyConfig.parse({ rules: given }).rules;
const when = (alert: About, list: Rule[], now = at(12), channel: Parameters<typeof routeOf>[1] = duty) => {
  const route = routeOf(alert, channel, list, now, zone);
  return route.when === 'later' ? route.at : route.when;
};

describe('without rules', () => {
  it('a channel is told what is serious, and a webhook everything', () => {
    const warning = { ...offline, severity: 'warning' as const };
    expect([when(offline, []), when(warning, [])]).toEqual(['now', 'never']);
    expect(when(warning, [], at(12), { id: 'hook', kind: 'webhook', language: 'both' })).toBe('now');
    const others = rules({ channels: ['other'], severity: 'critical' });
    expect([when(offline, others), when(warning, others)]).toEqual(['now', 'never']);
  });
});

describe('rules', () => {
  it('choose by severity, code and campus, each alone and together', () => {
    expect(when({ ...offline, severity: 'warning' }, rules({}))).toBe('now');
    expect(when({ ...offline, severity: 'warning' }, rules({ severity: 'critical' }))).toBe('never');
    expect(when(offline, rules({ codes: ['device-fault'] }))).toBe('never');
    expect(when(offline, rules({ codes: ['device-fault'] }, { codes: ['device-offline'] }))).toBe('now');
    expect(when(offline, rules({ campuses: ['other'] }))).toBe('never');
    expect(when({ ...offline, campus: null }, rules({ campuses: ['school'] }))).toBe('never');
    expect(when(offline, rules({ campuses: ['school'], codes: ['device-offline'] }))).toBe('now');
  });

  it('choose the language', () => {
    expect(routeOf(offline, duty, rules({ language: 'en' }), at(12), zone)).toMatchObject({ language: 'en' });
    expect(routeOf(offline, duty, rules({}), at(12), zone)).toMatchObject({ language: 'zh' });
  });

  it('put off what comes outside of their hours until these begin, in the time of the place', () => {
    const daytime = rules({ hours: { from: '08:00', to: '18:00', days: ['tue', 'thu'] } });
    expect(when(offline, daytime, at(8))).toBe('now');
    expect(when(offline, daytime, at(17, 59))).toBe('now');
    expect(when(offline, daytime, at(18))).toBe(at(8, 0, 3));
    expect(when(offline, daytime, at(7, 59))).toBe(at(8));
    expect(when(offline, daytime, at(7, 59, 5))).toBe(at(8, 0, 8));
  });

  it('have hours that cross midnight, and belong to the day on which they begin', () => {
    const night = rules({ hours: { from: '22:00', to: '06:00', days: ['mon'] } });
    expect(when(offline, night, at(5, 59))).toBe('now');
    expect(when(offline, night, at(6))).toBe(at(22, 0, 7));
    expect(when(offline, night, at(23))).toBe(at(22, 0, 7));
  });

  it('put nothing off that is about an alarm', () => {
    const daytime = rules({ hours: { from: '08:00', to: '18:00' } });
    expect(when({ ...undelivered, code: 'alarm-late' }, daytime, at(3))).toBe('now');
  });

  it.each(['real', 'drill'] as const)('keep no channel from an undelivered %s', (mode) => {
    const nothing = rules({ codes: ['overloaded'], severity: 'critical' });
    expect(when({ ...undelivered, mode, severity: 'warning' }, nothing, at(3))).toBe('now');
    expect(when({ ...undelivered, mode: 'test' }, nothing, at(3))).toBe('never');
  });
});

describe('the file', () => {
  const mistakes = (notify: object): string[] => {
    const door = { id: 'd', kind: 'dc09', host: '127.0.0.1', port: 1 };
    const centres = [{ id: 'police', primary: true, doors: [door] }];
    const webhooks = [{ id: 'hook', url: 'https://x.test', secret: 'long enough' }];
    const parsed = cloudConfig.safeParse({ centres, webhooks, notify });
    return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  };
  const mail = { kind: 'smtp', id: 'm', host: 'mail.test', from: 'a@b.test', to: ['c@d.test'] };

  it('is told each mistake with its path', () => {
    expect(mistakes({ channels: [mail, { ...mail, id: 'hook' }] })).toEqual([
      'notify.channels.1.id: there is already a webhook hook',
    ]);
    expect(mistakes({ channels: [{ ...mail, username: 'u', password: 'p', security: 'none' }] })).toEqual([
      expect.stringMatching(/notify.channels.0.security: the password would cross the network in the clear/),
    ]);
    expect(mistakes({ channels: [{ ...mail, password: 'p' }] })[0]).toMatch(/password: .*username/);
    expect(mistakes({ channels: [{ ...mail, to: ['nobody'] }] })[0]).toMatch(/channels.0.to.0/);
    expect(mistakes({ rules: [{ channels: ['gone'] }] })).toEqual([
      'notify.rules.0.channels.0: there is no channel gone',
    ]);
    expect(mistakes({ rules: [{ hours: { from: '08:00', to: '08:00' } }] })[0]).toMatch(/two different/);
    expect(mistakes({ time_zone: 'Mars/Olympus' })[0]).toMatch(/notify.time_zone: .*time zone/);
    const steps = (...minutes: number[]) => minutes.map((after_min) => ({ after_min, channels: ['hook'] }));
    expect(mistakes({ escalation: { steps: steps(5, 5) } })).toEqual([
      'notify.escalation.steps.1.after_min: each step comes later than the one before',
    ]);
    expect(mistakes({ escalation: { steps: steps(5, 15) } })).toEqual([]);
    expect(mistakes({ channels: [{ kind: 'dingtalk', id: 'd', url: 'ftp://x' }] })[0]).toMatch(/0.url/);
    expect(mistakes({ channels: [{ kind: 'pigeon', id: 'd' }] })[0]).toMatch(/channels.0.kind/);
  });
});

describe('the pace of a robot that takes 20 a minute', () => {
  it('keeps a quarter for what is about an alarm, and never goes beyond what it takes', () => {
    const pace = new Pace(20);
    let now = 0;
    const sendAll = (urgent: boolean, until: number) => {
      let sent = 0;
      for (;;) {
        const next = pace.mayAt(now, urgent);
        if (next >= until) return sent;
        now = next;
        pace.sent(now);
        sent += 1;
      }
    };
    expect(sendAll(false, 60_000)).toBe(15);
    expect(sendAll(true, 60_000)).toBe(5);
    expect(pace.mayAt(now, true)).toBe(60_000);
    pace.rest(60_000);
    expect(pace.mayAt(61_000, true)).toBe(120_000);
  });
});
