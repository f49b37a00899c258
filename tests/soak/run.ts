import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { missing, openCampus, type Part } from '../journeys/campus.ts';
import { collectPresses, delivered } from './presses.ts';

/**
 * `npm run soak -- --minutes 30`: buttons are pressed and a thousand devices measured on real processes, and at
 * the end their memory is held against what it was after 5 minutes (a sixth of the time, when it is shorter), and
 * their open files against each other. The last line is one JSON object.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'presses-per-minute': { type: 'string', default: '50' },
    devices: { type: 'string', default: '1000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log('npm run soak -- [--minutes 30] [--presses-per-minute 50] [--devices 1000]');
  process.exit();
}

const minutes = Number(values.minutes);
const perMinute = Number(values['presses-per-minute']);
const devices = Number(values.devices);
const lengthMs = minutes * 60_000;
const settledMs = Math.min(5 * 60_000, lengthMs / 6);
/** More than that is a leak. */
const growthBound = 1.1;
/** Six presses a minute of one button are summed: stay well below. */
const buttons = Math.max(2, Math.ceil(perMinute / 3));
const lookEveryMs = Math.min(15_000, lengthMs / 100);
const watched: Part[] = ['edge', 'cloud'];

interface Look {
  rssMb: number;
  descriptors: number;
}

const broker = missing('mosquitto', 'apt-get install mosquitto') ? 'embedded' : 'mosquitto';
const campus = await openCampus({ broker, direct: true, buttons, sensors: Math.max(0, devices - buttons) });
const looks = new Map<Part, { early: Look[]; late: Look[] }>();
let presses = 0;
const known = new Map<string, string | null>();
try {
  if (broker === 'mosquitto') await campus.start('broker');
  await campus.start('cloud');
  await campus.start('edge');
  await campus.ready();
  console.log(`${buttons} buttons, ${Math.max(0, devices - buttons)} sensors, ${broker}; ${minutes} minutes`);

  const from = performance.now();
  let nextLook = 0;
  while (performance.now() - from < lengthMs) {
    const at = performance.now() - from;
    await campus.press(`button-${1 + (presses % buttons)}`);
    presses += 1;
    if (at >= nextLook) {
      nextLook += lookEveryMs;
      await collectPresses(campus, known);
      for (const part of watched) {
        const seen = look(campus.pid(part)!);
        const of = looks.get(part) ?? { early: [], late: [] };
        looks.set(part, of);
        // Windows of a tenth of the whole, so that one collection of garbage more or less is no finding.
        if (at >= settledMs && at < settledMs + lengthMs / 10) of.early.push(seen);
        if (at >= lengthMs * 0.9) of.late.push(seen);
        console.log(
          `${minute(at)} ${part}: ${seen.rssMb} MB, ${seen.descriptors} descriptors; ${presses} presses`,
        );
      }
    }
    await pause(Math.max(0, from + (presses * 60_000) / perMinute - performance.now()));
  }
  const all = await delivered(campus, known, presses);

  const result: Record<string, unknown> = { minutes, presses, delivered: all, devices };
  let leaks = presses - all;
  for (const [part, { early, late }] of looks) {
    const [before, after] = [middle(early), middle(late)];
    const ratio = Math.round((after.rssMb / before.rssMb) * 1000) / 1000;
    result[`${part}_rss_mb`] = [before.rssMb, after.rssMb];
    result[`${part}_rss_ratio`] = ratio;
    result[`${part}_descriptors`] = [before.descriptors, after.descriptors];
    if (ratio > growthBound || after.descriptors > before.descriptors) leaks += 1;
  }
  console.log(JSON.stringify(result));
  process.exitCode = leaks === 0 ? 0 : 1;
} finally {
  await campus.close();
}
process.exit();

function look(pid: number): Look {
  const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { rssMb: Math.round(kb / 102.4) / 10, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/** The median of each. */
function middle(looks: readonly Look[]): Look {
  const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? Number.NaN;
  return {
    rssMb: median(looks.map(({ rssMb }) => rssMb)),
    descriptors: median(looks.map(({ descriptors }) => descriptors)),
  };
}

function minute(ms: number): string {
  return `${Math.floor(ms / 60_000)}:${String(Math.floor((ms / 1000) % 60)).padStart(2, '0')}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
