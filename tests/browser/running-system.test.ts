import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from './chromium.ts';
import { consoleAddress } from './running-system.ts';

const belfry = fileURLToPath(new URL('../../bin/belfry.mjs', import.meta.url));
const patience = { timeout: 25_000 };

describe.skipIf(noChromium)(`the console of a running system${noChromium ? ` (${noChromium})` : ''}`, () => {
  let data: string;
  let system: ChildProcess;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'belfry-console-'));
    const options = ['up', '--data', data, '--http-port', '0', '--mqtt-port', '0'];
    system = spawn(process.execPath, [belfry, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    [url, browser] = await Promise.all([consoleAddress(system), launchChromium()]);
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

  test('shows its devices and 110 without a word from anyone, then a press with every stage', async () => {
    const page = await (await browser.newContext({ locale: 'zh-CN' })).newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) refused.push(message.text());
    });
    await page.goto(url);
    await page.locator('.sentence[data-state="good"]').waitFor(patience);
    expect(await page.locator('h1').innerText()).toMatch(/^全部 \d+ 台设备正常，110 应答 .+ 毫秒。$/);

    const asked = [belfry, 'probe', '--url', url, '--data', data, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, asked);
    const { alarm } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { alarm: string };
    const row = page.locator(`[data-alarm="${alarm}"]`);
    await row.locator('[data-delivered="true"]').waitFor(patience);
    await row.locator('[data-stage="lamp"]:not(.is-waiting)').waitFor(patience);
    expect(await row.locator('[data-stage]:not(.is-waiting)').count()).toBe(9);
    expect(await row.locator('.receipts li').count()).toBe(1);
    expect(refused).toEqual([]);
  }, 60_000);
});
