import { apiAlarm, itemsOf, type ApiAlarm } from '#protocols/api.ts';
import { seeded } from '#platform/simulated/seeded.ts';
import { originText } from '#protocols/signal.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import { rememberedPress, type RememberedPress } from '#sim/button/part.ts';
import {
  eventually,
  identityAt110,
  missing,
  openCampus,
  type Campus,
  type Link,
  type Part,
} from '../journeys/campus.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { trouble, type Trouble } from './trouble.ts';

/** Small enough to be filled in an instant, and large enough for the edge's files. */
const edgeDiskMb = 48;

/**
 * Real processes (edge, broker, cloud, database, 110, buttons on ttys) under seeded faults, while buttons are pressed at a known
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

/** Six a minute and button is the rate from which presses may be summed: stay well below. */
const secondsBetweenPressesOfAButton = 12;

export async function runTrial(options: TrialOptions): Promise<Outcome> {
  const { presses, faults, seed, broker, cadence = 4, say = () => {} } = options;
  const random = seeded(seed);
  const proxies = new Map<Link, Proxy>();
  const buttons = Math.max(2, Math.ceil(cadence * secondsBetweenPressesOfAButton));
  const database = missing('influxd', 'apt-get install influxdb') === false;
  const campus = await openCampus({
    broker,
    direct: true,
    buttons,
    database,
    edgeDiskMb,
    between: async (link, port) => {
      const proxy = await openProxy(port);
      proxies.set(link, proxy);
      return proxy.port;
    },
  });
  try {
    const parts: Part[] = ['edge', 'cloud', '110', 'sim'];
    if (broker === 'mosquitto') parts.push('broker');
    if (database) parts.push('database');
    for (const part of parts) if (part === 'broker' || part === 'database') await campus.start(part);
    await campus.start('cloud');
    await campus.start('edge');
    await campus.ready();

    const known: Known = new Map();
    const touched: Trouble['touched'] = [];
    const finger = { free: Promise.resolve(), pressing: Promise.resolve() as Promise<unknown> };
    /** Nobody presses while this runs. */
    const handsOff = async (then: () => Promise<void>) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      finger.free = promise;
      await finger.pressing;
      await then();
      resolve();
    };
    const quietly: Trouble['quietly'] = (then) =>
      handsOff(async () => {
        await eventually('a quiet moment', () => settled(campus, known), 60_000).catch((e: unknown) =>
          say(String(e)),
        );
        await then();
      });
    const from = Date.now();
    const lengthMs = (presses / cadence) * 1000;
    const pressing = press({ campus, presses, buttons, cadence, finger, say });
    /** Units without power forget what was host-acknowledged: it is asked for before. */
    const powerLoss: Trouble['powerLoss'] = (then) =>
      handsOff(async () => {
        await remember(campus, known);
        for (const press of known.values()) press.forgotten = true;
        await then();
      });
    const troubling = trouble({
      campus,
      proxies,
      random,
      faults,
      lengthMs,
      parts,
      quietly,
      powerLoss,
      touched,
      say,
    });
    await Promise.all([pressing, troubling]);
    say(`all pressed after ${Math.round((Date.now() - from) / 1000)} s; waiting for the last ones`);

    await eventually(
      'every lamp to say delivered, and the cloud to hold every receipt',
      async () => (await settled(campus, known)) && known.size >= presses,
      90_000,
    ).catch((error: unknown) => say(String(error)));
    return { ...(await judge(campus, known, touched, say)), faults, seed };
  } finally {
    await campus.close();
    for (const proxy of proxies.values()) await proxy.close();
  }
}

/** What units remember of their presses, by origin. `forgotten`: its unit lost its power afterwards. */
type Known = Map<string, RememberedPress & { forgotten?: true }>;

interface Pressing {
  campus: Campus;
  presses: number;
  buttons: number;
  cadence: number;
  /** `free` is resolved while presses may be made, `pressing` while none is. */
  finger: { free: Promise<void>; pressing: Promise<unknown> };
  say: (line: string) => void;
}

async function press({ campus, presses, buttons, cadence, finger, say }: Pressing): Promise<void> {
  const from = performance.now();
  for (let i = 0; i < presses; i++) {
    await pause(Math.max(0, from + (i * 1000) / cadence - performance.now()));
    await finger.free;
    const button = `button-${1 + (i % buttons)}`;
    // While the buttons have no power there is nobody to press them.
    finger.pressing = eventually(`${button} to be pressed`, () => campus.press(button), 60_000);
    await finger.pressing;
    if ((i + 1) % 100 === 0) say(`${i + 1} of ${presses} pressed`);
  }
}

/** Every press that a unit remembers is delivered, to its lamp (unless that lost its power) and to the cloud. */
async function settled(campus: Campus, known: Known): Promise<boolean> {
  await remember(campus, known);
  if ([...known.values()].some(({ lamp, forgotten }) => lamp !== 'delivered' && !forgotten)) return false;
  const alarms = await alarmsOf(campus);
  return [...known.keys()].every((origin) => alarms.get(origin)?.state === 'delivered');
}

/**
 * Units remember their newest presses only: collect them while it runs. A unit that has been without power knows only
 * how long ago a press was at least, so the moment that it told first stands.
 */
async function remember(campus: Campus, known: Known): Promise<void> {
  for (const { id } of campus.hardware.buttons) {
    const { items } = itemsOf(rememberedPress).parse(await campus.control(`/buttons/${id}/presses`));
    for (const press of items) {
      const origin = originText(press.origin);
      const told = known.get(origin)?.pressed_at ?? press.pressed_at;
      known.set(origin, { ...press, pressed_at: Math.min(told, press.pressed_at) });
    }
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

async function judge(campus: Campus, known: Known, touched: Trouble['touched'], say: (line: string) => void) {
  const alarms = await alarmsOf(campus);
  const frames = await campus.frames();
  // An outbox that had to begin again counts its sequence numbers again: of two presses with the same one, a frame
  // is of the one before it.
  const owner = new Map<CentreFrame, string>();
  const inOrder = [...known].toSorted(([, a], [, b]) => a.pressed_at - b.pressed_at);
  for (const [origin, { pressed_at }] of inOrder) {
    const alarm = alarms.get(origin);
    if (alarm === undefined) continue;
    for (const frame of frames) {
      if (isOf(frame, alarm) && frame.received_at >= pressed_at - 1000) owner.set(frame, origin);
    }
  }
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
    const own = frames.filter((frame) => owner.get(frame) === origin);
    const identities = new Set(own.map(identityAt110)).size;
    if (press.host_acked) outcome.acknowledged += 1;
    if (identities > 0) outcome.delivered += 1;
    if (press.host_acked && identities === 0) outcome.lost += 1;
    if (identities > 1) outcome.duplicate += 1;
    if (identities > 1 || (press.host_acked && identities === 0)) {
      const at = new Date(press.pressed_at).toISOString();
      say(
        `${identities === 0 ? 'lost' : 'doubled'}: ${origin}, pressed at ${at}, the cloud says ${alarm?.id}; at 110:`,
      );
      for (const frame of own) say(`  ${new Date(frame.received_at).toISOString()} ${identityAt110(frame)}`);
    }
    if (alarm?.late) outcome.late += 1;
    const calm = !touched.some(({ from, to }) => press.pressed_at >= from - 1000 && press.pressed_at <= to);
    if (calm) outcome.repeats += own.length - identities;
  }
  // A frame under a name that no press has is the second of some press.
  const strays = new Set(frames.filter((frame) => !owner.has(frame)).map(identityAt110));
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
