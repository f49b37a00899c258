import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { ConsoleWorld, patience, seriousFaults } from './console-world.ts';

describe.skipIf(noChromium)(`the settings${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser;
  let world: ConsoleWorld;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());
  beforeEach(async () => {
    world = new ConsoleWorld();
    const channel = { id: 'duty', kind: 'wecom', language: 'zh', waiting: 0, lost: 0, last: null } as const;
    world.channels = {
      ...world.channels,
      list: async () => [channel],
      try: async () => ({ ok: true, answer: 'errcode 0', took_ms: 12 }),
    };
    await world.begin();
    await world.account('city', 'city_admin');
    await world.account('head', 'campus_admin', ['school']);
    await world.account('guard', 'operator', ['school']);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await world.close();
    expect(world.complaints).toEqual([]);
  });

  test('a trial of a channel shows what the other side answered', async () => {
    const page = await world.open(browser, '/settings', 'city');
    await page.getByRole('button', { name: '发送测试' }).click();
    await page.getByText('对方回答：errcode 0').waitFor(patience);
    expect(await seriousFaults(page)).toEqual([]);
  }, 60_000);

  test('a campus admin sees their own people, and a link of theirs sets one password', async () => {
    const page = await world.open(browser, '/settings', 'head');
    await page.locator('[data-account="guard"]').waitFor(patience);
    expect(await page.locator('[data-account]').count()).toBe(1);
    await page.getByRole('button', { name: '重设密码的链接' }).click();
    const url = await page.locator('code').innerText(patience);
    const other = await world.open(browser, new URL(url).pathname + new URL(url).hash, null);
    await other.getByLabel('密码').fill('a new long password');
    await other.getByRole('button', { name: '保存密码' }).click();
    await other.getByRole('heading', { name: '登录' }).waitFor(patience);
    expect((await world.access.signIn('guard', 'a new long password', '127.0.0.1')).ok).toBe(true);
  }, 60_000);

  test('another page takes the focus to its beginning', async () => {
    const page = await world.open(browser, '/', 'city');
    await page.getByRole('link', { name: '设置' }).click();
    await page.locator('[data-channel]').waitFor(patience);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('page');
  }, 60_000);
});
