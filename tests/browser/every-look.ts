import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { type ConsoleWorld, seriousFaults } from './console-world.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/**
 * A page as everybody may have it: light and dark, in English, on a phone; nothing serious for axe, and nothing that is
 * wider than the screen. `ready`: what is there when the page has all it shows.
 */
export async function everyLook(
  world: ConsoleWorld,
  browser: Browser,
  path: string,
  username: string,
  ready: string,
): Promise<void> {
  for (const look of [
    { colorScheme: 'light' as const },
    { colorScheme: 'dark' as const },
    { locale: 'en-GB' },
    phone,
  ]) {
    const page = await world.open(browser, path, username, look);
    await page.locator(ready).first().waitFor({ timeout: 20_000 });
    expect(await seriousFaults(page), JSON.stringify(look)).toEqual([]);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider, JSON.stringify(look)).toBeLessThanOrEqual(0);
    if ('locale' in look) expect(await page.locator('main').innerText()).not.toMatch(/[是的学达]/);
    await page.context().close();
  }
}
