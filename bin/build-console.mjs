#!/usr/bin/env node
// Builds the console's page (cloud/console/dist) when it is missing or older than its sources. Plain
// JavaScript: it runs at install, on whatever Node is there. `--if-possible` (npm's `prepare`) says nothing and
// succeeds when vite is absent: `npm start` asks again.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = join(root, 'cloud/console');

/** Where the built page lies. */
export const consoleFolder = join(home, 'dist');

/** SHA-256 of everything that the page is made of, paths included. */
function sourceHash() {
  const hash = createHash('sha256');
  const names = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.startsWith(consoleFolder));
  for (const path of [...names, join(root, 'package.json')].sort()) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return hash.digest('hex');
}

function builtFrom() {
  const path = join(consoleFolder, 'source-hash.txt');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** Builds into a folder of its own and moves it into place whole: a server never sees half of a page. */
async function build(wanted) {
  const vite = await import('vite');
  const scratch = join(root, 'node_modules', `.console-${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  try {
    const configFile = join(home, 'vite.config.ts');
    await vite.build({ configFile, build: { outDir: join(scratch, 'new'), emptyOutDir: true } });
    writeFileSync(join(scratch, 'new', 'source-hash.txt'), wanted);
    if (existsSync(consoleFolder)) renameSync(consoleFolder, join(scratch, 'old'));
    renameSync(join(scratch, 'new'), consoleFolder);
  } catch (error) {
    // Two starts at once: the other one's page is as good.
    if (builtFrom() !== wanted) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Makes sure that the built page is there and of these sources. The build is a process of its own: the bundler
 * leaves nothing behind in a server, and a test runner's NODE_ENV does not get into the page.
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<string>} the folder to serve
 */
export async function ensureConsole({ log = () => {} } = {}) {
  if (builtFrom() === sourceHash()) return consoleFolder;
  log('building the console …');
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url)], { env });
  return consoleFolder;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const wanted = sourceHash();
  try {
    if (builtFrom() !== wanted) await build(wanted);
  } catch (error) {
    const absent = error?.code === 'ERR_MODULE_NOT_FOUND';
    if (!(absent && process.argv.includes('--if-possible'))) throw error;
  }
}
