import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axePackage from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';

const belfry = fileURLToPath(new URL('../../bin/belfry.mjs', import.meta.url));
const patience = { timeout: 25_000 };
const AxeBuilder = (axePackage as unknown as { default?: typeof axePackage }).default ?? axePackage;

describe.skipIf(noChromium)(`signing in${noChromium ? ` (${noChromium})` : ''}`, () => {
  let data: string;
  let system: ChildProcess;
  let link: string;
  let browser: Browser;

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'belfry-sign-in-'));
    const options = ['up', '--data', data, '--http-port', '0', '--mqtt-port', '0'];
    system = spawn(process.execPath, [belfry, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = new Promise<string>((resolve, reject) => {
      let text = '';
      const read = (bytes: Buffer) => {
        text += bytes.toString();
        const found = /set-up\s+(http:\S+)/.exec(text)?.[1];
        if (found) resolve(found);
      };
      system.stdout?.on('data', read);
      system.stderr?.on('data', read);
      system.once('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)));
    });
    [link, browser] = await Promise.all([printed, launchChromium()]);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    if (system?.exitCode === null) {
      const gone = new Promise((resolve) => system.once('exit', resolve));
      system.kill('SIGTERM');
      await gone;
    }
    rmSync(data, { recursive: true, force: true });
  });

  test('the printed link makes the first account; then the page is closed to all but those who sign in', async () => {
    const context = await browser.newContext({ locale: 'zh-CN' });
    const page = await context.newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) refused.push(message.text());
    });
    await page.goto(link);
    await page.getByRole('heading', { name: '建立第一个账号' }).waitFor(patience);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    // By the keyboard alone.
    await page.keyboard.type('wang');
    await page.keyboard.press('Tab');
    await page.keyboard.type('王老师');
    await page.keyboard.press('Tab');
    await page.keyboard.type('a long enough password');
    await page.keyboard.press('Enter');
    await page.locator('.sentence').waitFor(patience);
    expect(new URL(page.url()).pathname).toBe('/');

    await page.getByRole('button', { name: '王老师 · 退出' }).click();
    await page.getByRole('heading', { name: '登录' }).waitFor(patience);
    expect(await page.locator('.sentence').count()).toBe(0);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

    await page.getByLabel('用户名').fill('wang');
    await page.getByLabel('密码').fill('not this one');
    await page.getByRole('button', { name: '登录' }).click();
    await page.getByText('用户名或密码不对').waitFor(patience);
    await page.getByLabel('密码').fill('a long enough password');
    await page.getByRole('button', { name: '登录' }).click();
    await page.locator('.sentence').waitFor(patience);
    expect(refused).toEqual([]);

    // Used once.
    await page.goto(link);
    await page.locator('.sentence').waitFor(patience);
    expect(await page.getByRole('heading', { name: '建立第一个账号' }).count()).toBe(0);
  }, 90_000);
});
