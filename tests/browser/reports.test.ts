import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { patience, seriousFaults } from './console-world.ts';
import { everyLook } from './every-look.ts';
import { JudgedCity } from './judged-city.ts';

describe.skipIf(noChromium)(`the page of reports${noChromium ? ` (${noChromium})` : ''}`, () => {
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

  test('a report is made, opens as a page that prints on A4, and goes out as three kinds of file', async () => {
    const page = await world.open(browser, '/reports', 'wang');
    expect(await page.locator('h1').innerText()).toBe('还没有做过月报。');
    await page.getByRole('button', { name: '做月报' }).click();
    const report = page.locator('[data-report="1"]');
    await report.waitFor(patience);
    expect(await page.locator('h1').innerText()).toBe('已做 1 份月报。');
    const [file] = await Promise.all([
      page.waitForEvent('download', patience),
      report.getByRole('link', { name: '下载：XLSX' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^lakeside-20\d\d-\d\d\.xlsx$/);
    const [printed] = await Promise.all([
      page.waitForEvent('popup', patience),
      report.getByRole('link').first().click(),
    ]);
    await printed.locator('table').first().waitFor(patience);
    expect(await printed.locator('h1').innerText()).toContain('四个100%');
    expect(await printed.locator('body').innerText()).toContain('第一小学');
    expect(await seriousFaults(printed)).toEqual([]);
    await printed.emulateMedia({ media: 'print' });
    expect((await printed.pdf({ preferCSSPageSize: true })).byteLength).toBeGreaterThan(5_000);
    expect(await printed.getByRole('link').count()).toBe(0);
  }, 60_000);

  test('who sees one campus makes the report of that one, and is offered no city', async () => {
    await world.account('scoped', 'operator', ['third']);
    const page = await world.open(browser, '/reports', 'scoped');
    await expect
      .poll(() => page.getByLabel('哪里').locator('option').allInnerTexts(), patience)
      .toEqual(['第三中学']);
    await page.getByRole('button', { name: '做月报' }).click();
    await page
      .locator('[data-report]')
      .getByRole('link', { name: /^第三中学/ })
      .waitFor(patience);
  }, 60_000);

  test('in every look', async () => {
    await everyLook(world, browser, '/reports', 'wang', 'form');
  }, 120_000);
});
