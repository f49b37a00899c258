import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Notice, TooFast } from '#cloud/notify/channel.ts';
import { type ChannelConfig, notifyConfig } from '#cloud/notify/config.ts';
import { mailChannel } from '#cloud/notify/mail.ts';
import { robotChannel } from '#cloud/notify/robots.ts';
import { namesOf } from '#cloud/names.ts';
import { wholeReasonOf } from '#platform/reason.ts';
import { realHttp } from '#platform/real/http.ts';
import { realMail } from '#platform/real/mail.ts';
import type { ApiAlert } from '#protocols/api.ts';
import { dingtalkSignature, feishuSignature } from '#protocols/robot-signatures.ts';
import { HandClock } from './fake-ports.ts';
import { startMailServer } from './mail-server.ts';

const clock = new HandClock();
const names = namesOf([{ id: 'school', name: { zh: '一小', en: 'First School' }, gateways: [] }]);
const words = { names, timeZone: 'Asia/Shanghai' };

const alert = (more: Partial<ApiAlert> = {}): ApiAlert => ({
  id: 17,
  code: 'alarm-undelivered',
  severity: 'critical',
  subject: 'gate.0011.alarm.1',
  campus: 'school',
  gateway: 'gate',
  device: null,
  mode: 'real',
  state: 'open',
  repeats: 0,
  escalated: 0,
  text: { zh: '门卫室的报警尚未送达。', en: 'The alarm of the gate house has not arrived.' },
  opened_at: Date.UTC(2026, 8, 1, 8),
  closed_at: null,
  acknowledged: null,
  silenced: null,
  maintenance: null,
  ...more,
});
const notice = (more: Partial<ApiAlert> = {}, language: Notice['language'] = 'zh'): Notice => ({
  id: `e-${more.id ?? 17}`,
  event: 'opened',
  alert: alert(more),
  language,
});

let server: Server | null = null;
afterEach(() => server?.close());

/** A robot's other side: it keeps what it was sent, and answers as `answers` says. */
async function serve(...answers: (object | string)[]) {
  const seen: { url: URL; body: object }[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ url: new URL(request.url!, 'http://x'), body: JSON.parse(body) as object });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { seen, at: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

type Robot = Extract<ChannelConfig, { kind: 'dingtalk' | 'wecom' | 'feishu' }>;
const robot = (given: object) => {
  const [config] = notifyConfig.parse({ channels: [given] }).channels;
  return robotChannel(config as Robot, { http: realHttp, clock, ...words });
};
const secret = 'SECthis-is-a-secret';

describe('the signature', () => {
  // Made with openssl and Python's hmac by the formulas that the makers publish.
  it('of DingTalk has the secret as its key and time and secret as its text', () => {
    const sign = dingtalkSignature('this is secret', 1_577_262_236_757);
    const expected = createHmac('sha256', Buffer.from('this is secret'))
      .update(Buffer.from('1577262236757\nthis is secret'))
      .digest('base64');
    expect(sign).toBe(expected);
    expect(sign).toBe('hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=');
  });
  it('of Feishu has time and secret as its key and nothing as its text', () => {
    expect(feishuSignature('demo', 1_599_360_473)).toBe('l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=');
  });
});

describe('a DingTalk robot', () => {
  it('is told in words, signed for the minute in which it is told, and calls people by their number', async () => {
    const { seen, at } = await serve({ errcode: 0, errmsg: 'ok' });
    const url = `${at}/robot/send?access_token=abc`;
    const channel = robot({ kind: 'dingtalk', id: 'd', url, secret, mobiles: ['13800000000'] });
    expect(await channel.tell([notice()])).toEqual({ count: 1, answer: '{"errcode":0,"errmsg":"ok"}' });
    const [{ url: asked, body }] = seen as [(typeof seen)[0]];
    const wall = Math.round(clock.wall());
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      access_token: 'abc',
      timestamp: String(wall),
      sign: createHmac('sha256', secret).update(`${wall}\n${secret}`).digest('base64'),
    });
    expect(body).toEqual({
      msgtype: 'text',
      text: {
        content: '【真实报警 · 严重】一小：门卫室的报警尚未送达。\n始于 2026-09-01 16:00:00 · #17 · 钟楼',
      },
      at: { atMobiles: ['13800000000'], isAtAll: false },
    });
  });

  it('that says 200 and refuses has not heard it, and its own words are kept', async () => {
    const { at } = await serve({ errcode: 310_000, errmsg: 'sign not match' });
    const channel = robot({ kind: 'dingtalk', id: 'd', url: at, secret });
    await expect(channel.tell([notice()])).rejects.toThrow(/it refused: .*sign not match/);
  });

  it.each([
    [{ errcode: 130_101, errmsg: 'send too fast' }, true],
    ['<html>', false],
  ])('that answers %j is asked again later', async (answer, tooFast) => {
    const { at } = await serve(answer);
    const channel = robot({ kind: 'dingtalk', id: 'd', url: at, secret });
    const failure = await channel.tell([notice()]).catch((error: unknown) => error);
    expect(failure instanceof TooFast).toBe(tooFast);
    expect(failure).toBeInstanceOf(Error);
  });
});

describe('a WeCom robot', () => {
  it('is told no more than it takes in one message, whole notices only, and how many they were', async () => {
    const { seen, at } = await serve({ errcode: 0, errmsg: 'ok' });
    const channel = robot({ kind: 'wecom', id: 'w', url: `${at}/send?key=k` });
    const many = Array.from({ length: 20 }, (_, i) =>
      notice({ id: i + 1, text: { zh: `第${i + 1}台设备离线。`.padEnd(80, '很'), en: 'x' } }),
    );
    const { count } = await channel.tell(many);
    const [{ url, body }] = seen as [(typeof seen)[0]];
    const { content } = (body as { text: { content: string } }).text;
    expect(url.searchParams.get('key')).toBe('k');
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(2048);
    expect(count).toBeGreaterThan(2);
    expect(count).toBeLessThan(20);
    expect(content).toContain(`共 ${count} 条`);
    expect(content).toContain(`第${count}台`);
    expect(content).not.toContain(`第${count + 1}台`);
  });

  it('is told the beginning of what is too long for it', async () => {
    const { at } = await serve({ errcode: 0, errmsg: 'ok' });
    const channel = robot({ kind: 'wecom', id: 'w', url: at });
    const long = notice({ text: { zh: '长'.repeat(5000), en: 'x' } });
    expect(await channel.tell([long])).toMatchObject({ count: 1 });
  });
});

describe('a Feishu robot', () => {
  it('is told in words, signed in the body by the second', async () => {
    const { seen, at } = await serve({ code: 0, msg: 'success' });
    const channel = robot({ kind: 'feishu', id: 'f', url: `${at}/hook/x`, secret, language: 'both' });
    await channel.tell([notice({}, 'both')]);
    const second = Math.floor(clock.wall() / 1000);
    expect(seen[0]!.body).toMatchObject({
      timestamp: String(second),
      sign: createHmac('sha256', `${second}\n${secret}`).digest('base64'),
      msg_type: 'text',
      content: { text: expect.stringMatching(/门卫室[^]*gate house/) },
    });
  });

  it('that does not accept the signature has not heard it', async () => {
    const { at } = await serve({ code: 19_021, msg: 'sign match fail or timestamp is not within one hour' });
    const channel = robot({ kind: 'feishu', id: 'f', url: at, secret });
    await expect(channel.try({ id: 't', by: '王' })).rejects.toThrow(/sign match fail/);
  });
});

describe('a message', () => {
  it.each([
    ['drill', /^【演练，不是真实报警 · 严重】/, /^\[DRILL, not a real alarm · critical\]/],
    ['test', /^【测试，不是真实报警/, /^\[TEST, not a real alarm/],
    ['probe', /^【自动探测，不是真实报警/, /^\[PROBE, not a real alarm/],
    ['real', /^【真实报警 /, /^\[REAL ALARM /],
  ] as const)('about a %s says so in its first words, in both languages', async (mode, zh, en) => {
    const { seen, at } = await serve({ errcode: 0 });
    const channel = robot({ kind: 'wecom', id: 'w', url: at });
    await channel.tell([notice({ mode })]);
    await channel.tell([notice({ mode }, 'en')]);
    const [first, second] = seen.map(({ body }) => (body as { text: { content: string } }).text.content);
    expect(first).toMatch(zh);
    expect(second).toMatch(en);
  });

  it('of a trial says that it is one, and by whom', async () => {
    const { seen, at } = await serve({ errcode: 0 });
    await robot({ kind: 'wecom', id: 'w', url: at, mobiles: ['13800000000'] }).try({ id: 't', by: '王' });
    expect(JSON.stringify(seen[0]!.body)).toMatch(/测试消息.*王.*没有任何报警/);
    expect(seen[0]!.body).toMatchObject({ text: { mentioned_mobile_list: [] } });
  });
});

describe('mail', () => {
  let close = async () => {};
  afterEach(() => close());

  async function mailbox(more: object = {}) {
    const mailServer = await startMailServer();
    close = mailServer.close;
    const [config] = notifyConfig.parse({
      channels: [
        {
          kind: 'smtp',
          id: 'm',
          host: '127.0.0.1',
          port: mailServer.port,
          security: 'none',
          from: 'belfry@school.test',
          to: ['duty@school.test', 'chief@school.test'],
          ...more,
        },
      ],
    }).channels;
    const smtp = config as Extract<ChannelConfig, { kind: 'smtp' }>;
    return { mailServer, channel: mailChannel(smtp, { mail: realMail, ...words }) };
  }
  const header = (data: string, name: string) =>
    new RegExp(`^${name}: (.*(?:\n[ \t].*)*)`, 'mi').exec(data)?.[1]?.replace(/\n\s+/g, ' ') ?? null;

  it('reaches each receiver, urgent, under one id in every try, in words that survive the way', async () => {
    const { mailServer, channel } = await mailbox();
    const told = await channel.tell([notice()]);
    await channel.tell([notice()]);
    expect(told).toEqual({ count: 1, answer: '250 2.0.0 taken as 1' });
    const [first, second] = mailServer.mails as [(typeof mailServer.mails)[0], (typeof mailServer.mails)[0]];
    expect(first).toMatchObject({
      from: 'belfry@school.test',
      to: ['duty@school.test', 'chief@school.test'],
    });
    expect(header(first.data, 'Message-ID')).toBe('<belfry-e-17@school.test>');
    expect(header(second.data, 'Message-ID')).toBe(header(first.data, 'Message-ID'));
    expect(header(first.data, 'Auto-Submitted')).toBe('auto-generated');
    expect(header(first.data, 'X-Priority')).toMatch(/^1/);
    const subject = header(first.data, 'Subject')!
      .split(' ')
      .map((word) => Buffer.from(/\?[Bb]\?(.*)\?=/.exec(word)?.[1] ?? '', 'base64').toString())
      .join('');
    expect(subject).toBe('【真实报警 · 严重】一小：门卫室的报警尚未送达。');
    const body = Buffer.from(first.data.split('\n\n').slice(1).join('\n'), 'base64').toString();
    expect(body).toContain('始于 2026-09-01 16:00:00');
  });

  it('is refused where one receiver is, in the words of the server', async () => {
    const { channel } = await mailbox({ to: ['duty@school.test', 'nobody@school.test'] });
    await expect(channel.tell([notice()])).rejects.toThrow(/nobody@school\.test/);
  });

  it('signs in, and a wrong password is told as the server says it', async () => {
    const right = await mailbox({ username: 'u', password: 'right' });
    await right.channel.try({ id: 't', by: '王' });
    expect(right.mailServer.mails[0]).toMatchObject({ login: 'u:right' });
    await right.mailServer.close();
    const wrong = await mailbox({ username: 'u', password: 'wrong' });
    await expect(wrong.channel.try({ id: 't', by: '王' })).rejects.toThrow(/the password is wrong/);
  });

  it('tells its password to no server that does not encrypt', async () => {
    const { mailServer, channel } = await mailbox({ security: 'starttls', username: 'u', password: 'right' });
    await expect(channel.try({ id: 't', by: '王' })).rejects.toThrow();
    expect(mailServer.said).not.toContain('AUTH');
    expect(mailServer.mails).toEqual([]);
  });
});

it('a channel whose other side is not there says what is wrong, and not only that something is', async () => {
  const failure = await robot({ kind: 'wecom', id: 'w', url: 'http://127.0.0.1:1/' })
    .try({ id: 't', by: '王' })
    .catch(wholeReasonOf);
  expect(failure).toMatch(/fetch failed: .+/);
});
