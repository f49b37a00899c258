import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { patience } from './console-world.ts';
import { everyLook } from './every-look.ts';
import { JudgedCity } from './judged-city.ts';

describe.skipIf(noChromium)(`the page of drills and tests${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser;
  let world: JudgedCity;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());
  beforeEach(async () => {
    world = await new JudgedCity().begin();
  }, 60_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await world.close();
    expect(world.complaints).toEqual([]);
  });

  test('a drill that was held is recorded, and is evidence from then on', async () => {
    const page = await world.open(browser, '/drills', 'wang');
    const school = page.locator('[data-campus="school"]');
    await school.locator('button[aria-expanded]').click();
    await school.locator('.drills-duties [data-duty="done"]').waitFor({ state: 'detached' });
    await page.getByLabel('名称（可不填）').fill('消防疏散');
    await page.getByRole('button', { name: '登记' }).click();
    await school.locator('.drills-duties [data-duty="done"]').waitFor(patience);
    const [held] = await world.fourHundred.evidence.list('school', 'drill', 10);
    expect(held).toMatchObject({ kind: 'drill', name: { zh: '消防疏散' } });
  }, 60_000);

  test('a drill of buttons is declared, waits for its gateway, and is ended early', async () => {
    const page = await world.open(browser, '/drills', 'wang');
    const form = page.getByRole('form', { name: '申报按钮演练' });
    expect(await form.getByRole('button', { name: '申报演练' }).isDisabled()).toBe(true);
    await form.getByRole('checkbox').first().check();
    await form.getByLabel('原因').fill('每月演练');
    await form.getByRole('button', { name: '申报演练' }).click();
    const drill = page.locator('[data-drill]');
    await drill.waitFor(patience);
    expect(await drill.innerText()).toContain('等网关确认');
    expect(await drill.innerText()).toContain('wang老师：每月演练');
    expect(world.sent).toMatchObject([{ kind: 'drill' }]);
    expect(JSON.stringify(world.sent[0])).toContain('"b1"');
    await drill.getByRole('button', { name: '提前结束' }).click();
    await expect.poll(() => world.sent.length, patience).toBe(2);
  }, 60_000);

  test('who may only look is told so, and has no form', async () => {
    await world.account('guest', 'viewer');
    const page = await world.open(browser, '/drills', 'guest');
    await page.getByText('申报和登记需要值班员以上的角色').waitFor(patience);
    expect(await page.getByRole('form').count()).toBe(0);
  }, 60_000);

  test('in every look', async () => {
    await everyLook(world, browser, '/drills', 'wang', '[data-campus="school"]');
  }, 120_000);
});
