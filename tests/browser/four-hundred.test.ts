import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { patience } from './console-world.ts';
import { everyLook } from './every-look.ts';
import { JudgedCity } from './judged-city.ts';

describe.skipIf(noChromium)(`the page of the four hundred${noChromium ? ` (${noChromium})` : ''}`, () => {
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

  test('a cell opens to its parts, and a part to the evidence that it rests on', async () => {
    const page = await world.open(browser, '/four-hundred?campus=school', 'wang');
    expect(await page.locator('h1').innerText()).toBe('第一小学：四项中 4 项还没有达到好用。');
    expect(await page.locator('[data-cell]').count()).toBe(12);
    await page.locator('[data-cell="one-key-video working"]').click();
    const part = page.locator('[data-part^="alive."][data-answer="yes"]').first();
    await part.locator('button').click();
    await part.locator('[data-evidence="state"]').waitFor(patience);
    expect(await part.innerText()).toContain('设备正常');
    const { searchParams } = new URL(page.url());
    expect([...searchParams.keys()]).toEqual(['campus', 'item', 'level', 'part']);
    // The address is the place: whoever is sent it sees the same.
    await page.reload();
    await page.locator('[data-evidence="state"]').waitFor(patience);
    expect(await page.getByRole('region', { name: '怎样达标' }).locator('li').count()).toBeGreaterThan(0);
  }, 60_000);

  test('what is under maintenance is shown as such, named beside what is unknown, and is not yes', async () => {
    const now = Math.round(world.clock.wall());
    const works = {
      kind: 'maintenance' as const,
      at: now,
      of: { device: 'gate/cam' },
      from: now,
      to: now + 3_600_000,
    };
    await world.fourHundred.declare('school', 'works', { ...works, reason: '换镜头', by: '李工' });
    const page = await world.open(
      browser,
      '/four-hundred?campus=school&item=one-key-video&level=working',
      'wang',
    );
    const part = page.locator('[data-part^="alive."][data-answer="maintenance"]');
    await part.locator('button').click();
    await part.locator('[data-evidence="maintenance"]').waitFor(patience);
    expect(await part.innerText()).toContain('维护中');
    expect(await part.innerText()).toMatch(/李工 申报维护至 .+：换镜头/);
  }, 60_000);

  test('a moment of the past is shown as of then, and the way back is one button', async () => {
    const page = await world.open(browser, '/four-hundred?campus=school', 'wang');
    await page.locator('[data-cell="guards present"]').waitFor(patience);
    const at = Math.round(world.clock.wall()) - 3_600_000;
    await page.goto(`${world.api.url}/four-hundred?campus=school&at=${at}`);
    await page.getByText(/的情况，依据 .+ 所知/).waitFor(patience);
    await page.getByRole('button', { name: '现在' }).click();
    await page.getByText(/^截至/).waitFor(patience);
    expect(new URL(page.url()).searchParams.has('at')).toBe(false);
  }, 60_000);

  test('by the keyboard alone: from the cells to the evidence and on to another school', async () => {
    const page = await world.open(browser, '/four-hundred?campus=school', 'wang');
    const cell = page.locator('[data-cell="one-key-video working"]');
    await cell.focus();
    await page.keyboard.press('Enter');
    const part = page.locator('[data-part^="alive."][data-answer="yes"] > button').first();
    await part.waitFor(patience);
    // The cell keeps the focus, so that the next press goes on from there.
    expect(await cell.evaluate((node) => node === document.activeElement)).toBe(true);
    for (let i = 0; i < 30 && !(await part.evaluate((node) => node === document.activeElement)); i += 1)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('[data-evidence]').first().waitFor(patience);
    await page.getByLabel('学校').selectOption({ label: '第三中学' });
    await expect.poll(() => page.locator('h1').innerText(), patience).toMatch(/^第三中学/);
  }, 60_000);

  test('in every look', async () => {
    await everyLook(
      world,
      browser,
      '/four-hundred?campus=school&item=one-key-video&level=working',
      'wang',
      '.fh-history svg',
    );
  }, 120_000);
});
