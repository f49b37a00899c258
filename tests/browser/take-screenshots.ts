import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { CentreCommand } from '#sim/centre/behaviour.ts';
import { simulatedHardware } from '#sim/description.ts';
import { launchChromium } from './chromium.ts';
import { consoleAddress } from './running-system.ts';

/**
 * `npm run screenshots`: the pictures of README and docs, of a running system. A campus of `belfry up`, real
 * presses through the whole path, and at the end a 110 centre that does not answer.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const belfry = join(root, 'bin/belfry.mjs');
const pictures = join(root, 'docs/screenshots');
const patience = { timeout: 60_000 };

const desktop = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** The pages of the four hundred, each with what is there when it has all it shows. */
const judgedPages = [
  { name: 'city', path: '/city', ready: '.fh-history svg' },
  {
    name: 'four-hundred',
    path: '/four-hundred?item=one-key-video&level=working',
    ready: '.fh-history svg',
  },
  { name: 'drills', path: '/drills', ready: '[data-duty]' },
  { name: 'reports', path: '/reports', ready: '.columns section' },
];

const lampLit = '[data-stage="lamp"]:not(.is-waiting)';

const data = mkdtempSync(join(tmpdir(), 'belfry-screenshots-'));
mkdirSync(pictures, { recursive: true });
const system = spawn(
  process.execPath,
  [belfry, 'up', '--data', data, '--http-port', '0', '--mqtt-port', '0'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
let browser: Browser | undefined;
let url: string;
try {
  url = await consoleAddress(system);
  browser = await launchChromium();

  const watching = await open(desktop);
  await watching.locator('.sentence[data-state="good"]').waitFor(patience);
  for (const { name, path, ready } of judgedPages)
    for (const [look, options] of [
      ['light', { ...desktop, colorScheme: 'light' }],
      ['dark', { ...desktop, colorScheme: 'dark' }],
      ['phone', { ...phone, colorScheme: 'light' }],
    ] as const)
      await pagePicture(`${name}-${look}`, options, path, ready);

  // More than one, so that the percentiles speak of something.
  for (let i = 0; i < 5; i += 1) await press();
  await picture('console-light', { ...desktop, colorScheme: 'light' }, lampLit);
  await picture('console-dark', { ...desktop, colorScheme: 'dark' }, lampLit);
  await picture('console-phone', { ...phone, colorScheme: 'light' }, lampLit);

  await tellCentre({ mode: 'silent' });
  // Ends with an error: its lamp says nothing of 110.
  await press('--timeout', '1').catch(() => {});
  // The next supervision of the door finds it silent, too.
  await watching.locator('[data-answer="silent"]').waitFor(patience);
  await picture('console-alarm', { ...desktop, colorScheme: 'light' }, '[data-overdue="true"]');
} finally {
  await browser?.close();
  if (system.exitCode === null) {
    const gone = new Promise((resolve) => system.once('exit', resolve));
    system.kill('SIGTERM');
    await gone;
  }
  rmSync(data, { recursive: true, force: true });
}

async function press(...more: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [belfry, 'probe', '--data', data, ...more]);
}

async function tellCentre(command: CentreCommand): Promise<void> {
  const hardware = simulatedHardware.parse(JSON.parse(readFileSync(join(data, 'sim.json'), 'utf8')));
  const { control } = hardware;
  const answer = await fetch(`${control.url}/centres/${hardware.centres[0]!.id}/behave`, {
    method: 'POST',
    headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(command),
  });
  if (!answer.ok) throw new Error(`the centre's control door answered ${answer.status}`);
}

async function open(options: BrowserContextOptions): Promise<Page> {
  const context = await browser!.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('[data-link="live"]').waitFor(patience);
  return page;
}

/** Another page of the console, once it shows `ready`. */
async function pagePicture(
  name: string,
  options: BrowserContextOptions,
  path: string,
  ready: string,
): Promise<void> {
  const page = await open(options);
  await page.goto(new URL(path, url).href);
  await page.locator(ready).first().waitFor(patience);
  await page.evaluate(() => document.fonts.ready);
  const file = join(pictures, `${name}.png`);
  const { byteLength } = await page.screenshot({ path: file, animations: 'disabled' });
  console.log(`${file}  ${Math.round(byteLength / 1024)} kB`);
  await page.context().close();
}

/** A fresh page once it shows `selector` and the figures. */
async function picture(name: string, options: BrowserContextOptions, selector: string): Promise<void> {
  const page = await open(options);
  await page.locator(selector).first().waitFor(patience);
  await page.locator('[data-percentile]').first().waitFor(patience);
  await page.evaluate(() => document.fonts.ready);
  const path = join(pictures, `${name}.png`);
  const { byteLength } = await page.screenshot({ path, animations: 'disabled' });
  console.log(`${path}  ${Math.round(byteLength / 1024)} kB`);
}
