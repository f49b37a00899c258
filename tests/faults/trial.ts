import { apiAlarm, itemsOf, type ApiAlarm } from '#protocols/api.ts';
import { seeded, type Seeded } from '#platform/simulated/seeded.ts';
import { originText } from '#protocols/signal.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import { rememberedPress, type RememberedPress } from '#sim/button/kind.ts';
import { eventually, identityAt110, openCampus, type Campus, type Link } from '../journeys/campus.ts';
import { openProxy, type Proxy } from './proxy.ts';

/**
 * Real processes (edge, broker, cloud, 110, buttons on ttys) under seeded faults, while buttons are pressed at a known
 * cadence. Ends by holding what was host-acknowledged against what 110 holds.
 */
export interface TrialOptions {
  presses: number;
  faults: number;
  seed: number;
  broker: 'mosquitto' | 'embedded';
  /** Presses a second, over all buttons. */
  cadence?: number;
  say?: (line: string) => void;
}

export interface Outcome {
  presses: number;
  acknowledged: number;
  delivered: number;
  /** Host-acknowledged, and not at 110. */
  lost: number;
  /** Presses with more than one distinct (account, sequence, data, [H]) at 110. */
  duplicate: number;
  /** Identical frames beyond the first, of presses that no fault touched. */
  repeats: number;
  late: number;
  faults: number;
  seed: number;
}

/** A press counts as touched by a fault that ended no longer than this before it. */
const aftermathMs = 12_000;
/** Six a minute and button is the rate from which presses may be summed: stay well below. */
const secondsBetweenPressesOfAButton = 12;

export async function runTrial(options: TrialOptions): Promise<Outcome> {
  const { presses, faults, seed, broker, cadence = 4, say = () => {} } = options;
  const random = seeded(seed);
  const proxies = new Map<Link, Proxy>();
  const buttons = Math.max(2, Math.ceil(cadence * secondsBetweenPressesOfAButton));
  const campus = await openCampus({
    broker,
    direct: true,
    buttons,
    between: async (link, port) => {
      const proxy = await openProxy(port);
      proxies.set(link, proxy);
      return proxy.port;
    },
  });
  try {
    if (broker === 'mosquitto') await campus.start('broker');
    await campus.start('cloud');
    await campus.start('edge');
    await campus.ready();

    const known = new Map<string, RememberedPress>();
    const touched: { from: number; to: number }[] = [];
    const from = Date.now();
    const lengthMs = (presses / cadence) * 1000;
    const pressing = press(campus, presses, buttons, cadence, say);
    const troubling = trouble({ campus, proxies, random, faults, lengthMs, broker, touched, say });
    await Promise.all([pressing, troubling]);
    say(`all pressed after ${Math.round((Date.now() - from) / 1000)} s; waiting for the last ones`);

    await eventually(
      'every lamp to say delivered, and the cloud to hold every receipt',
      async () => {
        await remember(campus, known);
        if (known.size < presses || [...known.values()].some(({ lamp }) => lamp !== 'delivered'))
          return false;
        const alarms = await alarmsOf(campus);
        return [...known.keys()].every((origin) => alarms.get(origin)?.state === 'delivered');
      },
      90_000,
    ).catch((error: unknown) => say(String(error)));
    return { ...(await judge(campus, known, touched)), faults, seed };
  } finally {
    await campus.close();
    for (const proxy of proxies.values()) await proxy.close();
  }
}

async function press(
  campus: Campus,
  presses: number,
  buttons: number,
  cadence: number,
  say: (line: string) => void,
): Promise<void> {
  const from = performance.now();
  for (let i = 0; i < presses; i++) {
    await pause(Math.max(0, from + (i * 1000) / cadence - performance.now()));
    await campus.press(`button-${1 + (i % buttons)}`);
    if ((i + 1) % 100 === 0) say(`${i + 1} of ${presses} pressed`);
  }
}

interface Trouble {
  campus: Campus;
  proxies: Map<Link, Proxy>;
  random: Seeded;
  faults: number;
  lengthMs: number;
  broker: TrialOptions['broker'];
  touched: { from: number; to: number }[];
  say: (line: string) => void;
}

/** One fault at a time, at seeded moments; each is mended before the next begins. */
async function trouble(of: Trouble): Promise<void> {
  const { campus, proxies, random, faults, lengthMs, broker, touched, say } = of;
  const from = performance.now();
  const share = lengthMs / faults;
  for (let i = 0; i < faults; i++) {
    await pause(Math.max(0, from + share * (i + random.between(0, 0.3)) - performance.now()));
    const forMs = random.between(0.1, 0.5) * Math.min(share, 6000);
    const parts =
      broker === 'mosquitto' ? (['edge', 'cloud', 'broker'] as const) : (['edge', 'cloud'] as const);
    const part = parts[Math.floor(random.fraction() * parts.length)]!;
    const links = [...proxies.keys()];
    const link = links[Math.floor(random.fraction() * links.length)]!;
    const proxy = proxies.get(link)!;
    const modes = ['silent', 'reset', 'refuse-duh', 'bad-crc', 'odd-ack', 'delay'] as const;
    const mode = modes[Math.floor(random.fraction() * modes.length)]!;
    const kinds: [string, () => Promise<void> | void, () => Promise<void> | void][] = [
      [`kill -9 ${part}`, () => campus.kill(part), () => campus.start(part)],
      [`stop ${part}`, () => campus.signal(part, 'SIGSTOP'), () => campus.signal(part, 'SIGCONT')],
      [`cut ${link}`, () => proxy.cut(true), () => proxy.cut(false)],
      [`stall ${link}`, () => proxy.stall(true), () => proxy.stall(false)],
      [`slow ${link}`, () => proxy.slow(400), () => proxy.slow(0)],
      [
        `110 ${mode}`,
        () => campus.centre({ mode, delayMs: 600, frames: 'alarms' }),
        () => campus.centre({ mode: 'acknowledge' }),
      ],
    ];
    const [what, begin, end] = kinds[Math.floor(random.fraction() * kinds.length)]!;
    const at = Date.now();
    say(`fault ${i + 1} of ${faults}: ${what} for ${Math.round(forMs)} ms`);
    await begin();
    await pause(forMs);
    await end();
    touched.push({ from: at, to: Date.now() + aftermathMs });
  }
}

/** Units remember their newest presses only: collect them while it runs. */
async function remember(campus: Campus, known: Map<string, RememberedPress>): Promise<void> {
  for (const { id } of campus.hardware.buttons) {
    const { items } = itemsOf(rememberedPress).parse(await campus.control(`/buttons/${id}/presses`));
    for (const press of items) known.set(originText(press.origin), press);
  }
}

/** All that the cloud lists, by origin. */
async function alarmsOf(campus: Campus): Promise<Map<string, ApiAlarm>> {
  const alarms = new Map<string, ApiAlarm>();
  let before: string | null | undefined;
  do {
    const page = itemsOf(apiAlarm).parse(
      await campus.api(`/api/v1/alarms?limit=500${before ? `&before=${before}` : ''}`),
    );
    for (const alarm of page.items) if (alarm.origin !== null) alarms.set(alarm.origin, alarm);
    before = page.next;
  } while (before);
  return alarms;
}

async function judge(campus: Campus, known: Map<string, RememberedPress>, touched: Trouble['touched']) {
  const alarms = await alarmsOf(campus);
  const frames = await campus.frames();
  const explained = new Set<unknown>();
  const outcome = {
    presses: known.size,
    acknowledged: 0,
    delivered: 0,
    lost: 0,
    duplicate: 0,
    repeats: 0,
    late: 0,
  };
  for (const [origin, press] of known) {
    const alarm = alarms.get(origin);
    const own = alarm === undefined ? [] : frames.filter((frame) => isOf(frame, alarm));
    for (const frame of own) explained.add(frame);
    const identities = new Set(own.map(identityAt110)).size;
    if (press.host_acked) outcome.acknowledged += 1;
    if (identities > 0) outcome.delivered += 1;
    if (press.host_acked && identities === 0) outcome.lost += 1;
    if (identities > 1) outcome.duplicate += 1;
    if (alarm?.late) outcome.late += 1;
    const calm = !touched.some(({ from, to }) => press.pressed_at >= from - 1000 && press.pressed_at <= to);
    if (calm) outcome.repeats += own.length - identities;
  }
  // A frame under a name that no press has is the second of some press.
  const strays = new Set(frames.filter((frame) => !explained.has(frame)).map(identityAt110));
  if (strays.size > 0) console.error('at 110, and of no press that the cloud knows:', [...strays].join(' '));
  outcome.duplicate += strays.size;
  return outcome;
}

/**
 * Whether a frame is of this alarm: by its own sequence number, or by the one that a receipt names. An edge that
 * died between naming a press and its disk gives the press a second name, and 110 may have it by that one alone.
 */
function isOf(frame: CentreFrame, alarm: ApiAlarm): boolean {
  const named = alarm.centres.map(({ reference }) => Number(/\b(\d{4})\b/.exec(reference)?.[1]));
  const zone = String(alarm.zone).padStart(3, '0');
  return frame.data.endsWith(` ${zone}`) && [alarm.sequence, ...named].includes(frame.sequence);
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
