import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Seeded } from '#platform/simulated/seeded.ts';
import type { Campus, Link, Part } from '../journeys/campus.ts';
import type { Proxy } from './proxy.ts';

/** A fault: how it begins, and how it is mended. */
interface Fault {
  what: string;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** Presses that a fault of this kind may touch must be over before it begins. */
  whenQuiet?: boolean;
}

export interface Trouble {
  campus: Campus;
  proxies: Map<Link, Proxy>;
  random: Seeded;
  faults: number;
  lengthMs: number;
  /** The processes that can be killed. */
  parts: readonly Part[];
  /** Holds the next press back, waits for those on their way, runs this, and lets them go on. */
  quietly(then: () => Promise<void>): Promise<void>;
  /** Has the buttons lose their power by `then`, between two presses. */
  powerLoss(then: () => Promise<void>): Promise<void>;
  touched: { from: number; to: number }[];
  say: (line: string) => void;
}

/** A press counts as touched by a fault that ended no longer than this before it. */
const aftermathMs = 12_000;

/** One fault at a time, at seeded moments; each is mended before the next begins. */
export async function trouble(of: Trouble): Promise<void> {
  const { random, faults, lengthMs, touched, say } = of;
  const from = performance.now();
  const share = lengthMs / faults;
  for (let i = 0; i < faults; i++) {
    await pause(Math.max(0, from + share * (i + random.between(0, 0.3)) - performance.now()));
    const forMs = random.between(0.1, 0.5) * Math.min(share, 6000);
    const { what, begin, end, whenQuiet } = draw(of);
    const span = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    touched.push(span);
    say(`fault ${i + 1} of ${faults}: ${what} for ${Math.round(forMs)} ms`);
    if (whenQuiet) await of.quietly(async () => void (await begin()));
    else await begin();
    await pause(forMs);
    await end();
    span.to = Date.now() + aftermathMs;
  }
}

/** What may happen, drawn anew for each fault. The draws are the same for the same seed. */
function draw({ campus, proxies, random, parts, powerLoss }: Trouble): Fault {
  const one = <T>(list: readonly T[]): T => list[Math.floor(random.fraction() * list.length)]!;
  const part = one(parts);
  const link = one([...proxies.keys()]);
  const proxy = proxies.get(link)!;
  const mode = one(['silent', 'reset', 'refuse-duh', 'bad-crc', 'odd-ack', 'delay'] as const);
  const at = random.fraction();
  const disk = campus.edgeDisk;
  const filler = join(disk.folder, 'filler');
  const kill: Fault = {
    what: `kill -9 ${part}`,
    async begin() {
      if (part === 'sim') await powerLoss(() => campus.kill(part));
      else await campus.kill(part);
    },
    end: () => campus.start(part),
  };
  return one<Fault>([
    // Twice as likely as each of the others.
    kill,
    kill,
    {
      what: `stop ${part}`,
      begin: () => campus.signal(part, 'SIGSTOP'),
      end: () => campus.signal(part, 'SIGCONT'),
    },
    { what: `cut ${link}`, begin: () => proxy.cut(true), end: () => proxy.cut(false) },
    { what: `stall ${link}`, begin: () => proxy.stall(true), end: () => proxy.stall(false) },
    { what: `slow ${link}`, begin: () => proxy.slow(400), end: () => proxy.slow(0) },
    {
      what: `110 ${mode}`,
      begin: () => campus.centre({ mode, delayMs: 600, frames: 'alarms' }),
      end: () => campus.centre({ mode: 'acknowledge' }),
    },
    {
      what: disk.small ? "fill the edge's disk" : "stop edge (its disk is no small one, it can't be filled)",
      begin: () => (disk.small ? fill(filler) : campus.signal('edge', 'SIGSTOP')),
      end: () => (disk.small ? rmSync(filler, { force: true }) : campus.signal('edge', 'SIGCONT')),
    },
    {
      // What is on this disk alone cannot outlive it: so between presses.
      what: "corrupt the edge's outbox",
      whenQuiet: true,
      async begin() {
        await campus.kill('edge');
        corrupt(join(disk.folder, 'alarms.sqlite'), at);
      },
      end: () => campus.start('edge'),
    },
  ]);
}

/** Takes all the space that is left. */
function fill(path: string): void {
  spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=64k'], { stdio: 'ignore' });
}

/** Overwrites a stretch of the file (and all of its log) with what is no database. */
function corrupt(path: string, at: number): void {
  for (const file of [path, `${path}-wal`]) {
    if (!existsSync(file)) continue;
    const { size } = statSync(file);
    const open = openSync(file, 'r+');
    // The first pages hold the schema and its root pages: damage there or near it cannot go unnoticed.
    const from = file === path ? Math.floor(at * Math.min(size, 8192)) : 0;
    writeSync(open, Buffer.alloc(4096, 0xa5), 0, 4096, from);
    closeSync(open);
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
