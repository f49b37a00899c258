import { z } from 'zod';
import { alertCode, alertSeverity } from '#protocols/api.ts';
import { id } from '#protocols/signal.ts';
import { complainOfRepeats } from '../campus-config.ts';

const language = z.enum(['zh', 'en', 'both']);
const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' });
const secret = z.string().min(8, 'use at least 8 characters');

/** Standard Webhooks. `secret`: key of the HMAC over each body. */
export const webhook = z.strictObject({ id, url: httpUrl, secret });
const smtp = z
  .strictObject({
    kind: z.literal('smtp'),
    id,
    language: language.default('zh'),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(587),
    security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    from: z.email('expected a mail address'),
    to: z.array(z.email('expected a mail address')).min(1).max(50),
  })
  .superRefine(({ username, password, security, host }, context) => {
    const complain = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (username !== undefined && password === undefined)
      complain('username', 'a username needs its password');
    if (password !== undefined && username === undefined)
      complain('password', 'a password needs its username');
    if (password !== undefined && security === 'none' && !/^(localhost|::1|127(\.\d{1,3}){3})$/.test(host))
      complain('security', 'the password would cross the network in the clear: use tls or starttls');
  });
const mobiles = z
  .array(z.string().regex(/^\+?\d{5,20}$/, 'expected a telephone number: digits'))
  .max(20)
  .default([]);
/** The robot's URL with its key; `secret`: of 加签, without it the robot is set to keywords or addresses. */
const dingtalk = z.strictObject({
  kind: z.literal('dingtalk'),
  id,
  language: language.default('zh'),
  url: httpUrl,
  secret: secret.optional(),
  /** Whom it calls by name where it is critical. */
  mobiles,
});
/** WeCom's robots know no signature: the key in the URL is the secret. */
const wecom = z.strictObject({
  kind: z.literal('wecom'),
  id,
  language: language.default('zh'),
  url: httpUrl,
  mobiles,
});
const feishu = z.strictObject({
  kind: z.literal('feishu'),
  id,
  language: language.default('zh'),
  url: httpUrl,
  secret: secret.optional(),
});
const channel = z.discriminatedUnion('kind', [
  webhook.extend({ kind: z.literal('webhook') }),
  smtp,
  dingtalk,
  wecom,
  feishu,
]);

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected HH:MM');
const day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
const rule = z.strictObject({
  /** Left out: all. */
  channels: z.array(id).min(1).optional(),
  /** The least that is told. */
  severity: alertSeverity.default('warning'),
  codes: z.array(alertCode).min(1).optional(),
  campuses: z.array(id).min(1).optional(),
  /** What comes at another time is told when they begin, if it lasts; never so for what is about an alarm. */
  hours: z
    .strictObject({ from: timeOfDay, to: timeOfDay, days: z.array(day).min(1).default(day.options) })
    .optional(),
  language: language.optional(),
});
const escalation = z.strictObject({
  /** Of critical alerts that nobody has acknowledged for so many minutes. */
  steps: z
    .array(z.strictObject({ after_min: z.number().positive().max(1440), channels: z.array(id).min(1) }))
    .min(1)
    .max(10),
  /** The last step again, so often at most. */
  repeat_min: z.number().min(1).max(1440).default(30),
  at_most: z.int().min(0).max(50).default(8),
});

/** Who is told what, when and how. Without rules every channel is told everything serious. */
export const notifyConfig = z.strictObject({
  channels: z.array(channel).default([]),
  rules: z.array(rule).default([]),
  escalation: escalation.optional(),
  /** Of the hours of rules, and of the times in messages. */
  time_zone: z
    .string()
    .refine(isTimeZone, 'expected the name of a time zone, as in Asia/Shanghai')
    .default('Asia/Shanghai'),
});
export type NotifyConfig = z.infer<typeof notifyConfig>;
export type ChannelConfig = NotifyConfig['channels'][number];
export type Rule = NotifyConfig['rules'][number];
export type Escalation = NonNullable<NotifyConfig['escalation']>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}

type Complain = (path: (string | number)[], message: string) => void;

/** Says of each channel that is named and is not there, and of steps that come before the one before them. */
export function complainOfNotify(
  notify: NotifyConfig,
  webhooks: readonly { id: string }[],
  complain: Complain,
): void {
  complainOfRepeats(notify.channels, ['notify', 'channels'], 'channel', complain);
  const ids = new Set([...webhooks, ...notify.channels].map(({ id }) => id));
  for (const [i, { id }] of notify.channels.entries())
    if (webhooks.some((other) => other.id === id))
      complain(['notify', 'channels', i, 'id'], `there is already a webhook ${id}`);
  const known = (channels: readonly string[] | undefined, path: (string | number)[]) => {
    for (const [i, id] of (channels ?? []).entries())
      if (!ids.has(id)) complain([...path, 'channels', i], `there is no channel ${id}`);
  };
  for (const [i, { channels, hours }] of notify.rules.entries()) {
    known(channels, ['notify', 'rules', i]);
    if (hours !== undefined && hours.from === hours.to)
      complain(['notify', 'rules', i, 'hours'], 'hours need two different times');
  }
  let before = 0;
  for (const [i, { after_min, channels }] of (notify.escalation?.steps ?? []).entries()) {
    const path = ['notify', 'escalation', 'steps', i];
    known(channels, path);
    if (after_min <= before) complain([...path, 'after_min'], 'each step comes later than the one before');
    before = after_min;
  }
}
