import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import axePackage from '@axe-core/playwright';
import { type Access, openAccess } from '#cloud/access/access.ts';
import type { Role } from '#protocols/api-access.ts';
import { ensureConsole } from '../../bin/build-console.mjs';
import { ApiWorld } from '../cloud/api-world.ts';
import { seeded } from '../cloud/fake-ports.ts';

export const patience = { timeout: 20_000 };
export const password = 'correct horse battery';
const AxeBuilder = (axePackage as unknown as { default?: typeof axePackage }).default ?? axePackage;

/** The real API over a cloud without wires, with the built console and accounts. */
export class ConsoleWorld extends ApiWorld {
  access!: Access;
  /** What the browser complained of. */
  readonly complaints: string[] = [];

  async begin(): Promise<this> {
    // The browser goes by its own clock: the two must agree.
    this.clock.wallAt = Date.now() - this.clock.monotonic();
    this.access = await openAccess({ clock: this.clock, random: seeded(3), databases: this.disk });
    await this.start({ access: this.access, consoleDir: await ensureConsole() });
    return this;
  }

  async account(username: string, role: Role, campuses: string[] | null = null): Promise<void> {
    await this.access.addAccount({ username, name: `${username}老师`, password, role, campuses });
  }

  /** Signs in by the API and opens a page. */
  async open(
    browser: Browser,
    path: string,
    username: string | null,
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.complaints.push(message.text());
    });
    if (username !== null) {
      const answer = await context.request.post(`${this.api.url}/api/v1/session`, {
        data: { username, password },
        headers: { 'sec-fetch-site': 'same-origin' },
      });
      if (!answer.ok()) throw new Error(`signing in was answered ${answer.status()}`);
    }
    await page.goto(this.api.url + path);
    await page.locator('h1').first().waitFor(patience);
    return page;
  }
}

/** What axe finds that is serious or critical. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}
