import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { ConsoleWorld, patience } from './console-world.ts';
import { everyLook } from './every-look.ts';
import { JudgedCity } from './judged-city.ts';

describe.skipIf(noChromium)(`the page of the city${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser;
  let world: ConsoleWorld;
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

  test('from the city to a county to a campus, the share of campuses and that of devices apart', async () => {
    const page = await world.open(browser, '/city', 'wang');
    expect(await page.locator('h1').innerText()).toMatch(/^3 所学校中，.+的有 0 所。$/);
    const cell = page.locator('[data-cell="one-key-video working"]');
    expect(await cell.innerText()).toMatch(/^0 %\s+0\/3 所 · 设备 [\d.]+ %$/);
    await cell.click();
    await page.locator('[data-county="east"] a').click();
    await expect.poll(() => page.locator('h1').innerText(), patience).toMatch(/^2 所学校中/);
    expect(new URL(page.url()).search).toBe('?item=one-key-video&level=working&county=east');
    const worst = page.locator('.city-worst li');
    expect(await worst.count()).toBe(2);
    // The one of which something works is not the worst.
    expect(await worst.first().getAttribute('data-campus')).toBe('second');
    await page.getByRole('link', { name: '第一小学' }).click();
    await expect.poll(() => page.locator('h1').innerText(), patience).toMatch(/^第一小学：/);
    await page.goBack();
    await page.getByRole('link', { name: '全市', exact: true }).first().waitFor(patience);
  }, 60_000);

  test('who sees one campus is given the sum of it, and told that it is not the city’s', async () => {
    await world.account('scoped', 'viewer', ['third']);
    const page = await world.open(browser, '/city', 'scoped');
    expect(await page.locator('h1').innerText()).toMatch(/^您看到的 1 所学校中/);
    await page.getByText('不是全市的数字').waitFor(patience);
    expect(await page.locator('[data-county]').count()).toBe(1);
    expect(await page.locator('.city-worst li').count()).toBe(1);
  }, 60_000);

  test('without an inventory it says what to do next', async () => {
    await world.close();
    world = await new ConsoleWorld().begin();
    await world.account('wang', 'operator');
    for (const path of ['/city', '/four-hundred', '/drills']) {
      const page = await world.open(browser, path, 'wang');
      await page.getByText('请先登记学校').waitFor(patience);
    }
  }, 60_000);

  test('in every look', async () => {
    await everyLook(world, browser, '/city', 'wang', '.fh-history svg');
  }, 120_000);
});
