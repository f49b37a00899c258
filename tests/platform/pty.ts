import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a Debian program is there; in CI its absence is a failure, elsewhere the test is skipped. */
export function have(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.CI) throw new Error(`${program} is missing: apt-get install ${program}`);
    console.warn(`skipped: apt-get install ${program}`);
    return false;
  }
}

export async function until(what: string, holds: () => boolean, ms = 15_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await sleep(5);
  }
}

/** Two real ttys of the kernel, wired to each other by socat. `cut` kills it without warning. */
export async function ptyPair() {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-pty-'));
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const socat = spawn('socat', [`pty,raw,echo=0,link=${a}`, `pty,raw,echo=0,link=${b}`]);
  await until('socat makes the ttys', () => existsSync(a) && existsSync(b));
  return {
    a,
    b,
    cut: () => socat.kill('SIGKILL'),
    remove() {
      socat.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
