import { describe, expect, test } from 'vitest';
import { ApiWorld } from '../cloud/api-world.ts';
import { launchChromium, noChromium } from './chromium.ts';

describe.skipIf(noChromium)(`the API's reference${noChromium ? ` (${noChromium})` : ''}`, () => {
  test('shows every group of routes in a real browser, breaks no policy and asks no other host', async () => {
    const world = await new ApiWorld().start();
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const refused: string[] = [];
      const strangers: string[] = [];
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) refused.push(message.text());
      });
      page.on('request', (request) => {
        const { protocol, host } = new URL(request.url());
        if (protocol !== 'data:' && host !== new URL(world.api.url).host) strangers.push(request.url());
      });
      await page.goto(`${world.api.url}/api/reference/`);
      const route = page.locator('[data-path="/api/v1/alerts/groups"]');
      await route.waitFor({ timeout: 25_000 });
      await route.click();
      await page.getByText('Open alerts by what lies behind them, the worst first').first().waitFor();
      expect([refused, strangers]).toEqual([[], []]);
    } finally {
      await browser.close();
      await world.close();
    }
  }, 60_000);
});
