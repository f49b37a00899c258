#!/usr/bin/env node
// Plain JavaScript for whatever Node is at hand (20 or later). Belfry itself runs on Node 24 only: it needs
// type stripping and node:sqlite, and on Node 26 a byte on a quiet tty may wait until something else wakes the
// event loop. Node 24 comes with `npm ci` as a platform package, so nobody has to install it.
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const wanted = 24;

/** Path of a Node 24, or null where neither this process nor an installed package is one. */
function findNode24() {
  if (Number(process.versions.node.split('.')[0]) === wanted) return process.execPath;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'node.exe' : 'bin/node';
  try {
    return createRequire(import.meta.url).resolve(`${name}/${file}`);
  } catch {
    return null;
  }
}

/**
 * Runs a TypeScript file on Node 24: in this process where it is one already, else in a child that shares the
 * terminal and gets our signals. `tied`: the child stops when this process dies, however it dies.
 */
export async function runOnNode24(file, args, { tied = false } = {}) {
  const node = findNode24();
  if (node === null) {
    console.error(
      `Belfry needs Node ${wanted} and this is Node ${process.versions.node}: run "npm ci" without --omit=optional, or install Node ${wanted}.`,
    );
    process.exit(1);
  }
  if (node === process.execPath) {
    process.argv.splice(1, process.argv.length - 1, file, ...args);
    await import(pathToFileURL(file).href);
    return;
  }
  const child = spawn(node, [file, ...args], {
    stdio: tied ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm ends at a SIGTERM without passing it on; the new parent tells us that it did.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 500);
  orphaned.unref();
  child.on('error', (error) => {
    console.error(`Belfry could not start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128 + 15)));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  await runOnNode24(resolve(file), args);
}
