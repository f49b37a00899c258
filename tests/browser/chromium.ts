import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Why these tests cannot run here, with the command that mends it; null: they can. In CI they must. */
export const noChromium: string | null =
  existsSync(executablePath) || process.env.CI
    ? null
    : 'needs chromium: apt-get install chromium fonts-wqy-microhei';

/** Debian's Chromium. Its sandbox does not start as root, and nothing here is loaded but our own page. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
