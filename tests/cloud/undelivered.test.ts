import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { notifyConfig } from '#cloud/notify/config.ts';
import { realHttp } from '#platform/real/http.ts';
import { realMail } from '#platform/real/mail.ts';
import { CloudWorld, press } from './cloud-world.ts';
import { startMailServer } from './mail-server.ts';

const boundMs = 2_000;
const heard: { path: string; text: string }[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    heard.push({ path: request.url!.split('?')[0]!, text: body });
    response.end('{"errcode":0,"code":0}');
  });
});
let world: CloudWorld;
let mail: Awaited<ReturnType<typeof startMailServer>>;

beforeEach(async () => {
  heard.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mail = await startMailServer();
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world = new CloudWorld([{ id: 'school', name: { zh: '一小', en: 'First School' }, gateways: [] }]);
  world.outside = { http: realHttp, mail: realMail };
  world.more = {
    latency: { bound_ms: boundMs },
    webhooks: [{ id: 'hook', url: `${at}/hook`, secret: 'long enough' }],
    notify: notifyConfig.parse({
      channels: [
        { kind: 'dingtalk', id: 'ding', url: `${at}/ding`, secret: 'SEC-long-enough' },
        { kind: 'wecom', id: 'wecom', url: `${at}/wecom` },
        { kind: 'feishu', id: 'feishu', url: `${at}/feishu`, secret: 'long enough' },
        {
          kind: 'smtp',
          id: 'mail',
          host: '127.0.0.1',
          port: mail.port,
          security: 'none',
          from: 'a@school.test',
          to: ['duty@school.test'],
        },
      ],
      // Nobody wants to hear of anything but the disk of the cloud, and that in office hours.
      rules: [{ codes: ['overloaded'], hours: { from: '08:00', to: '09:00', days: ['sun'] } }],
    }),
  };
  await world.start();
  world.first.does = 'nothing';
  world.second.does = 'nothing';
});
afterEach(async () => {
  await world.cloud.close();
  await mail.close();
  await new Promise((resolve) => server.close(resolve));
});

const everywhere = ['/ding', '/feishu', '/hook', '/wecom', 'mail'];
const told = () => [...new Set([...heard.map(({ path }) => path), ...mail.mails.map(() => 'mail')])].sort();

it('an alarm that 110 has not acknowledged in its bound goes by every channel at once, whatever the rules', async () => {
  await world.says(press(world, 1));
  await world.clock.pass(boundMs - 200);
  expect(told()).toEqual([]);
  await world.clock.pass(400);
  await expect.poll(told, { timeout: 10_000 }).toEqual(everywhere);
  const ding = heard.find(({ path }) => path === '/ding')!.text;
  expect(ding).toMatch(/【真实报警 · 严重】一小 · .*尚未得到.*请立即用电话报警/);
});

it('a drill that does not arrive goes the same way, and each message says that it is a drill', async () => {
  await world.says(press(world, 1));
  await world.drill(['button-1']);
  await world.says(press(world, 2, { facts: { mode: 'drill' } }));
  heard.length = 0;
  await world.clock.pass(boundMs + 200);
  const ofDrill = () => heard.filter(({ text }) => /演练|drill/.test(text));
  await expect
    .poll(() => [...new Set(ofDrill().map(({ path }) => path))].sort(), { timeout: 10_000 })
    .toEqual(everywhere.filter((path) => path !== 'mail'));
  for (const { path, text } of ofDrill()) {
    expect(text, path).toMatch(path === '/hook' ? /"mode":"drill"/ : /【演练，不是真实报警/);
    expect(text, path).not.toMatch(/立即用电话报警/);
  }
  await expect.poll(() => mail.mails.length, { timeout: 10_000 }).toBe(2);
});

it('its arrival is told to each of them as well', async () => {
  await world.says(press(world, 1));
  await world.clock.pass(boundMs + 200);
  await expect.poll(told, { timeout: 10_000 }).toEqual(everywhere);
  heard.length = 0;
  mail.mails.length = 0;
  world.first.answer();
  world.second.answer();
  await expect
    .poll(
      async () => {
        await world.clock.pass(1_000);
        return told();
      },
      { timeout: 10_000 },
    )
    .toEqual(everywhere);
  expect(heard.find(({ path }) => path === '/wecom')!.text).toMatch(/已结束.*迟到送达/);
});
