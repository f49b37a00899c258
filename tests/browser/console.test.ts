import axePackage from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { alarm, alert, centre, device, devices, gateway, latency, place } from './campus.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { startScriptedCloud } from './scripted-cloud.ts';
import type { ScriptedCloud } from './scripted-cloud.ts';

/** The package is CommonJS: under Node its class is the default of the default. */
const AxeBuilder = (axePackage as unknown as { default?: typeof axePackage }).default ?? axePackage;

const patience = { timeout: 15_000 };

describe.skipIf(noChromium)(`the console in a real browser${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser;
  let cloud: ScriptedCloud;
  let errors: string[];

  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    errors = [];
    const past = [
      alarm(3, 9, { mode: 'probe', type: 'test' }, 60_000),
      alarm(2, 9, { mode: 'drill' }, 1_200_000),
      alarm(1, 9, {}, 2_400_000),
    ];
    const tables = {
      alarms: past,
      devices: devices(),
      gateways: [gateway()],
      alerts: [alert(1)],
      centres: [centre('answering')],
    };
    cloud = await startScriptedCloud(tables, latency());
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await cloud.close();
    expect(cloud.violations).toEqual([]);
    expect(errors).toEqual([]);
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) errors.push(message.text());
    });
    await page.goto(cloud.url);
    await page.locator('[data-link="live"]').waitFor(patience);
    await page.locator('[data-percentile]').first().waitFor(patience);
    return page;
  }
  const headline = (page: Page) => page.locator('h1').innerText();
  const seen = (page: Page, selector: string) => page.locator(selector).first().waitFor(patience);
  const seriousFaults = async (page: Page) => {
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa'])
      .analyze();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
  };

  test('a healthy school is one sentence, its proof below, and nothing coloured but small dots', async () => {
    const page = await open();
    expect(await headline(page)).toBe('全部 9 台设备正常，110 应答 12 毫秒。');
    expect(await page.locator('[data-device]').count()).toBe(9);
    expect(await page.locator('[data-count="good"]').innerText()).toContain('9');
    expect(await page.locator('[data-count]').count()).toBe(6);
    expect(await page.locator('[data-percentile="p99"]').innerText()).toContain('312 毫秒');
    expect(await page.locator('[data-alert="open"]').innerText()).toContain('操场摄像机 90 秒没有应答');
    expect(await page.locator('.band').count()).toBe(0);
    expect(await page.locator('[data-device="btn-north"]').innerText()).not.toContain('btn-north');
  });

  test('what a camera saw is shown to who gives a name, and asked for by that name alone', async () => {
    const name = { zh: '北门摄像机', en: 'North gate camera' };
    const cameras = [{ gateway: 'gate', device: 'cam', name, picture_url: null }];
    const pressed = alarm(4, 5);
    cloud.pictures.push({
      id: 7,
      campus: pressed.place.campus,
      gateway: 'gate',
      camera: 'cam',
      kind: 'alarm',
      about: pressed.id,
      n: 1,
      taken_at: pressed.received_at,
      received_at: pressed.received_at,
      bytes: 1,
      width: 1,
      height: 1,
      sha256: '',
      removed_at: null,
    });
    const page = await open();
    cloud.tell({ type: 'alarm', data: { ...pressed, place: { ...pressed.place, cameras } } });
    const picture = page.locator('[data-picture="7"]').first();
    await picture.waitFor(patience);
    expect(await picture.innerText()).toContain('北门摄像机');
    expect(await picture.getByRole('button').isDisabled()).toBe(true);
    expect(cloud.looks).toEqual([]);
    await page
      .getByLabel(/查看图片会被记录/)
      .first()
      .fill('李明');
    await picture.getByRole('button').click();
    await picture.getByAltText(/北门摄像机/).waitFor(patience);
    await expect
      .poll(() => cloud.looks)
      .toEqual([`/api/v1/pictures/7/jpeg?by=${encodeURIComponent('李明')}`]);
    expect(await seriousFaults(page)).toEqual([]);
  });

  test('a press appears live, fills its waterfall, and says that 110 has it', async () => {
    const page = await open();
    cloud.tell({ type: 'alarm', data: alarm(4, 5) });
    const band = page.locator('.band');
    await band.waitFor(patience);
    expect(await band.innerText()).toContain('实验小学 · 北门值班室');
    expect(await page.getByRole('button', { name: '收起' }).count()).toBe(0);
    const row = page.locator('[data-alarm$=".4"]');
    expect(await row.locator('[data-stage="ingested"] .at').innerText()).toBe('10 毫秒');
    expect(await row.locator('[data-stage="delivered"] .at').innerText()).toBe('未到');

    cloud.tell({ type: 'alarm', data: alarm(4, 9) });
    await seen(page, '[data-alarm$=".4"] [data-delivered="true"]');
    expect(await band.innerText()).toContain('110 已收到，用时 36 毫秒');
    expect(await row.locator('.waterfall [data-stage]:not(.is-waiting)').count()).toBe(9);
    expect(await row.locator('[data-total]').innerText()).toBe('36 毫秒');
    expect(await row.locator('.receipts').innerText()).toContain('1201/0004');

    await page.getByRole('button', { name: '收起' }).click();
    await band.waitFor({ state: 'detached', ...patience });
  });

  test('an alarm that 110 does not have is the largest thing on the page, with what to do', async () => {
    const page = await open();
    cloud.tell({ type: 'alarm', data: alarm(4, 7, {}, 8000) });
    cloud.tell({ type: 'centre', data: centre('silent') });
    await seen(page, '[data-overdue="true"]');
    await seen(page, '[data-answer="silent"]');
    expect(await headline(page)).toBe('实验小学 · 北门值班室 报警，110 还没有收到。');
    expect(await page.locator('.sentence p').innerText()).toContain('110 没有应答');
    const largest = await page.evaluate(() => {
      const size = (element: Element) => Number.parseFloat(getComputedStyle(element).fontSize);
      const withText = [...document.body.querySelectorAll('*')].filter((element) =>
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE),
      );
      return withText.sort((a, b) => size(b) - size(a))[0]?.textContent;
    });
    expect(largest).toBe('110 还没有收到');
    expect(await page.locator('.band').innerText()).toContain('请立即拨打 110 语音报警');
  });

  test('a drill, a test and a probe carry their word and a pattern and never reach the band', async () => {
    const page = await open();
    for (const mode of ['drill', 'test', 'probe'] as const) {
      cloud.tell({ type: 'alarm', data: alarm(10, 5, { mode, place: place('btn-office') }, 8000) });
      await seen(page, `[data-alarm$=".10"][data-mode="${mode}"]`);
      const row = page.locator('[data-alarm$=".10"]');
      const word = { drill: '演练', test: '测试', probe: '探测' }[mode];
      expect(await row.locator('.mode').innerText()).toBe(word);
      const ground = (selector: string) =>
        page.locator(selector).evaluate((element) => getComputedStyle(element).backgroundImage);
      expect(await ground('[data-alarm$=".10"] .alarm-line')).toContain('gradient');
      expect(await ground('[data-alarm$=".1"] .alarm-line')).toBe('none');
      expect(await page.locator('.band').count()).toBe(0);
    }
  });

  test('a lost connection greys the page, says since when, and comes back without gap or duplicate', async () => {
    const page = await open();
    cloud.tell({ type: 'alarm', data: alarm(4, 5, { mode: 'test' }) });
    await seen(page, '[data-alarm$=".4"]');
    cloud.cut();
    await seen(page, '.lost');
    expect(await page.locator('.lost').innerText()).toMatch(/自 \d\d:\d\d:\d\d 起与服务器失去连接/);
    expect(await page.locator('main').evaluate((main) => getComputedStyle(main).filter)).toBe('grayscale(1)');
    expect(await headline(page)).toContain('之后的情况不明');

    const { snapshots } = cloud;
    cloud.tell({ type: 'alarm', data: alarm(4, 9, { mode: 'test' }) });
    cloud.tell({ type: 'alarm', data: alarm(5, 9, { mode: 'test' }) });
    cloud.tell({ type: 'device', data: device('cam-yard', { state: 'offline' }) });
    cloud.restore();
    await seen(page, '[data-link="live"]');
    await seen(page, '[data-alarm$=".5"]');
    await seen(page, '[data-device="cam-yard"][data-state="offline"]');
    expect(await page.locator('.lost').count()).toBe(0);
    expect(await page.locator('[data-alarm$=".4"] [data-delivered="true"]').count()).toBe(1);
    expect(await page.locator('[data-alarm]').count()).toBe(5);
    expect(cloud.resumedFrom.at(0)).toBeNull();
    expect(cloud.resumedFrom.at(-1)).toBe('1');
    expect(cloud.snapshots).toBe(snapshots);
  });

  test('a critical alert has a shape and a word of its own, and is not red', async () => {
    const page = await open();
    const text = {
      zh: '实验小学的网关 gw-1 失联',
      en: 'Experimental Primary School: gateway gw-1 is cut off',
    };
    cloud.tell({ type: 'alert', data: alert(2, { code: 'gateway-offline', severity: 'critical', text }) });
    cloud.tell({ type: 'alert', data: alert(3, { code: 'device-fault' }) });
    const row = page.locator('[data-alert="open"]', { hasText: 'gw-1' });
    await row.waitFor(patience);
    expect(await row.innerText()).toContain('严重');
    const shape = (glyph: ReturnType<Page['locator']>) => glyph.locator('path').first().getAttribute('d');
    const critical = row.locator('.glyph');
    expect(await shape(critical)).not.toBe(
      await shape(page.locator('[data-alert="open"] .glyph[data-state="fault"]')),
    );
    const colour = (selector: string) =>
      page.locator(selector).evaluate((element) => getComputedStyle(element).color);
    expect(await colour('[data-alert="open"] .glyph[data-state="critical"]')).not.toBe(
      await colour('[data-count="alarm"] .glyph'),
    );
    expect(await page.locator('[data-alert="open"]').first().innerText()).toContain('gw-1');
  });

  test('a centre goes by its name, beside its answer and on its receipts', async () => {
    const page = await open();
    const row = await page.locator('[data-centre]').innerText();
    expect(row).toContain('市公安局 110 接警中心');
    expect(row).toContain('主接警中心');
    const receipts = await page.locator('.receipts').innerText();
    expect(receipts).toContain('市公安局 110 接警中心');
    expect(row + receipts).not.toContain('city-110');
    cloud.tell({ type: 'centre', data: centre('answering', { name: null }) });
    await seen(page, '[data-centre]:has-text("city-110")');
  });

  test('figures older than their bound turn to unknown by themselves', async () => {
    const context = await browser.newContext({ locale: 'zh-CN' });
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(cloud.url);
    await seen(page, '[data-count="good"]:has-text("9")');
    cloud.cut();
    await seen(page, '.lost');
    expect(await page.locator('[data-count="good"]').innerText()).toContain('9');
    await page.clock.fastForward(31_000);
    await seen(page, '[data-count="unknown"]:has-text("9")');
    expect(await page.locator('[data-device][data-state="unknown"]').count()).toBe(9);
    expect(await page.locator('[data-answer="unknown"]').count()).toBe(1);
    expect(await page.locator('[data-percentile]').count()).toBe(0);
  });

  test('a loss before the first event resumes from where the stream stood', async () => {
    const page = await open();
    cloud.cut();
    await seen(page, '.lost');
    cloud.tell({ type: 'alarm', data: alarm(4, 9, { mode: 'test' }) });
    cloud.restore();
    await seen(page, '[data-alarm$=".4"]');
    expect(cloud.resumedFrom.at(-1)).toBe('0');
  });

  test('a reset of the feed loads everything anew', async () => {
    const page = await open();
    cloud.tables.devices = cloud.tables.devices.filter(({ place }) => place.device !== 'btn-canteen');
    cloud.tables.alarms.unshift(alarm(7, 9, { mode: 'test' }));
    cloud.reset();
    await seen(page, '[data-alarm$=".7"]');
    expect(await page.locator('[data-device="btn-canteen"]').count()).toBe(0);
  });

  test('both languages say everything, and the choice outlives the page', async () => {
    const page = await open();
    await page.getByLabel('语言').selectOption('en');
    expect(await headline(page)).toBe('All 9 devices are good, 110 answers in 12 ms.');
    await page.reload();
    await page.locator('[data-link="live"]').waitFor(patience);
    await seen(page, '.counts');
    expect(await page.locator('html').getAttribute('lang')).toBe('en-GB');
    const text = (await page.locator('main').innerText()) + (await page.title());
    expect(text.match(/\p{Script=Han}+/gu)).toBeNull();
  });

  test('dark follows the system and can be chosen', async () => {
    const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const page = await open({ colorScheme: 'dark' });
    expect(await ground(page)).toBe('rgb(18, 21, 24)');
    await page.getByLabel('外观').selectOption('light');
    expect(await ground(page)).toBe('rgb(246, 247, 248)');
  });

  test('a phone shows all of it without scrolling sideways', async () => {
    const page = await open({ viewport: { width: 360, height: 740 } });
    cloud.tell({ type: 'alarm', data: alarm(4, 7, {}, 8000) });
    await seen(page, '[data-overdue="true"]');
    for (const language of ['zh', 'en']) {
      await page.locator('.choice').first().selectOption(language);
      const { width, inner } = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        inner: window.innerWidth,
      }));
      expect(width).toBeLessThanOrEqual(inner);
    }
  });

  test.each(['light', 'dark'] as const)(
    'axe finds nothing serious, calm or in alarm (%s)',
    async (colorScheme) => {
      const page = await open({ colorScheme, reducedMotion: 'reduce' });
      expect(await seriousFaults(page)).toEqual([]);
      cloud.tell({ type: 'alarm', data: alarm(4, 7, {}, 8000) });
      cloud.tell({ type: 'centre', data: centre('silent') });
      cloud.tell({ type: 'device', data: device('cam-yard', { state: 'offline' }) });
      cloud.tell({ type: 'device', data: device('smoke-lab', { state: 'fault' }) });
      await seen(page, '[data-device="smoke-lab"][data-state="fault"]');
      cloud.tell({ type: 'alert', data: alert(2, { code: 'centre-silent', severity: 'critical' }) });
      cloud.tell({ type: 'alert', data: alert(3, { code: 'alarm-undelivered', severity: 'critical' }) });
      await seen(page, '[data-alert="open"] .glyph[data-state="critical"]');
      await seen(page, '[data-alert="open"] .glyph[data-state="alarm"]');
      await seen(page, '[data-overdue="true"]');
      expect(await seriousFaults(page)).toEqual([]);
    },
  );
});
