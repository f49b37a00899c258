import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AlertText } from '#cloud/alerts/alerts.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { ConsoleWorld, patience, seriousFaults } from './console-world.ts';

const text = (zh: string, en: string) => ({ zh, en });
const cameraGone: AlertText = {
  code: 'device-offline',
  severity: 'warning',
  subject: 'gate/b1',
  text: text('门卫按钮 90 秒没有应答', 'The gate house button has not answered for 90 s'),
};
const gatewayGone: AlertText = {
  code: 'gateway-offline',
  severity: 'critical',
  subject: 'gate',
  text: text('一小的网关失联', 'First School: the gateway is cut off'),
};
const undelivered: AlertText = {
  code: 'alarm-undelivered',
  severity: 'critical',
  subject: 'gate.00112233aabbccdd.alarm.1',
  mode: 'real',
  text: text('门卫的报警 110 没有收到', 'The alarm of the gate house has not reached 110'),
};

describe.skipIf(noChromium)(`the alerts' page${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser;
  let world: ConsoleWorld;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());
  beforeEach(async () => {
    world = await new ConsoleWorld().begin();
    await world.account('wang', 'operator');
    world.birth([{}]);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await world.close();
    expect(world.complaints).toEqual([]);
  });

  test('an alert shows by itself, is taken with a note, and moves to those that somebody takes care of', async () => {
    const page = await world.open(browser, '/alerts', 'wang');
    expect(await page.locator('h1').innerText()).toBe('没有未消除的告警。');
    await world.alerts.raise(cameraGone);
    await page.locator('[data-alert-state="open"]').waitFor(patience);
    expect(await page.locator('h1').innerText()).toBe('等人处理：门卫按钮 90 秒没有应答。');
    await page.locator('[data-alert] > button').click();
    await expect.poll(() => new URL(page.url()).search).toBe('?alert=1');
    await page.getByLabel('备注（可不填）').fill('保安去看');
    await page.getByRole('button', { name: '我来处理' }).click();
    await page.locator('[data-alert]').waitFor({ state: 'detached', ...patience });
    await page.getByRole('link', { name: '处理中 1' }).click();
    await page.locator('[data-alert-state="acknowledged"]').waitFor(patience);
    expect(new URL(page.url()).search).toBe('?state=acknowledged');
    await page.locator('[data-alert] > button').click();
    expect(await page.locator('.alerts-detail').innerText()).toContain('保安去看');
    await world.alerts.clear('device-offline', 'gate/b1');
    await page.locator('[data-alert]').waitFor({ state: 'detached', ...patience });
    await page.getByRole('link', { name: '已消除' }).click();
    await page.locator('[data-alert-state="closed"]').waitFor(patience);
    await page.reload();
    await page.locator('[data-alert-state="closed"]').waitFor(patience);
  }, 90_000);

  test('what one cut-off gateway took with it stands under that one cause', async () => {
    await world.alerts.raise(gatewayGone);
    await world.alerts.raise(cameraGone);
    const page = await world.open(browser, '/alerts', 'wang');
    const cause = page.locator('[data-cause="gateway"]');
    await cause.waitFor(patience);
    expect(await cause.locator('[data-alert]').count()).toBe(2);
    expect(await page.locator('h1').innerText()).toContain('等人处理：一小');
    expect(await page.locator('.alerts-load').getAttribute('aria-label')).toContain('共 2 条');
  }, 60_000);

  test('an alert is silenced with a reason until a time, and told again when that is ended', async () => {
    await world.alerts.raise(cameraGone);
    const page = await world.open(browser, '/alerts?alert=1', 'wang');
    await page.getByRole('button', { name: '静默…' }).click();
    await page.getByLabel('原因').fill('等备件');
    await page.getByLabel('到什么时候').selectOption({ label: '4 小时后' });
    await page.getByRole('button', { name: '静默', exact: true }).click();
    await page.locator('[data-silence]').waitFor(patience);
    const shown = await page.locator('[data-silence]').innerText();
    expect(shown).toContain('wang老师');
    expect(shown).toContain('等备件');
    expect(await page.locator('h1').innerText()).toBe('没有告警在等人处理。');
    await page.getByRole('button', { name: '提前结束' }).click();
    await page.locator('[data-alert-state="open"]').waitFor(patience);
    expect(await page.locator('[data-silence]').count()).toBe(0);
  }, 60_000);

  test('an alert about an alarm offers no silence', async () => {
    await world.alerts.raise(undelivered);
    const page = await world.open(browser, '/alerts?alert=1', 'wang');
    await page.getByText('不能静默').waitFor(patience);
    expect(await page.getByRole('button', { name: '静默…' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: '我来处理' }).count()).toBe(1);
  }, 60_000);

  test('maintenance is declared for a campus with a reason and an end, and ended early', async () => {
    const page = await world.open(browser, '/alerts', 'wang');
    await page.getByRole('button', { name: '申报维护…' }).click();
    const form = page.getByRole('form', { name: '申报维护' });
    expect(await form.getByLabel('范围').first().inputValue()).toBe('school');
    await form.getByLabel('原因').fill('换线路');
    await form.getByRole('button', { name: '申报维护' }).click();
    const window = page.locator('[data-maintenance]');
    await window.waitFor(patience);
    expect(await window.innerText()).toContain('换线路');
    expect(await window.innerText()).toContain('进行中');
    await window.getByRole('button', { name: '提前结束' }).click();
    await window.waitFor({ state: 'detached', ...patience });
  }, 60_000);

  test('who may only look is offered nothing to do, and told why', async () => {
    await world.account('li', 'viewer');
    await world.alerts.raise(cameraGone);
    const page = await world.open(browser, '/alerts?alert=1', 'li');
    await page.getByText('您只能查看').waitFor(patience);
    expect(await page.getByRole('button', { name: /我来处理|静默|申报维护/ }).count()).toBe(0);
  }, 60_000);

  test.each(['light', 'dark'] as const)(
    'axe finds nothing serious, and a phone no sideways scroll (%s)',
    async (colorScheme) => {
      await world.alerts.raise(gatewayGone);
      await world.alerts.raise(cameraGone);
      await world.alerts.raise(undelivered);
      const page = await world.open(browser, '/alerts?alert=2', 'wang', { colorScheme });
      await page.locator('[data-alert]').first().waitFor(patience);
      await page.getByRole('button', { name: '申报维护…' }).click();
      expect(await seriousFaults(page)).toEqual([]);
      if (process.env.BELFRY_PICTURES)
        await page.screenshot({
          path: `${process.env.BELFRY_PICTURES}/alerts-${colorScheme}.png`,
          fullPage: true,
        });
      await page.setViewportSize({ width: 360, height: 740 });
      for (const language of ['zh', 'en']) {
        await page.getByLabel(/^(语言|Language)$/).selectOption(language);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(wide).toBeLessThanOrEqual(0);
      }
      if (process.env.BELFRY_PICTURES)
        await page.screenshot({
          path: `${process.env.BELFRY_PICTURES}/alerts-phone-${colorScheme}.png`,
          fullPage: true,
        });
    },
    60_000,
  );
});
