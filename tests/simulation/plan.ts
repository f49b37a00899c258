import { type Seeded, seeded } from '#platform/simulated/seeded.ts';
import { type TroubleName, troubles } from './troubles.ts';

export type How = 'press' | 'longPress' | 'secondPress' | 'test';

export interface PlannedPress {
  /** Ms after the day has begun. */
  at: number;
  unit: number;
  how: How;
}

export interface Strike {
  at: number;
  /** How long it lasts. */
  ms: number;
  trouble: TroubleName;
  /** What it draws from, whatever else happens. */
  random: Seeded;
}

/** A declared drill: plain presses of these units within it are no alarm. */
export interface PlannedDrill {
  /** When it is declared, ms after the day has begun; how long after that it begins, and how long it lasts. */
  at: number;
  beginsIn: number;
  lasts: number;
  units: readonly number[];
  /** When people end it before its time; null: they do not. */
  endedAt: number | null;
}

/** What is not on every day. */
export type Extra = 'drills' | 'sums' | 'probes';

/** All that is to happen on one day. It follows from the seed; parts of it can be left out, and the rest stays. */
export interface Plan {
  /** Where the alarms' counter stands: in some worlds the sequence numbers of DC-09 come round during the day. */
  nextN: number;
  /** The gateway has a way of its own to 110. */
  direct: boolean;
  /** The broker loses, repeats and delays messages all day. */
  badBroker: boolean;
  presses: PlannedPress[];
  strikes: Strike[];
  drills: PlannedDrill[];
  /** Plain presses of one button beyond so many a minute are summed. */
  abovePerMinute: number;
  /** The last so many buttons are pressed by nobody: the cloud probes them. */
  probed: number;
  /** When the last press is made. */
  ends: number;
}

export interface DayOptions {
  seed: number | string;
  presses: number;
  buttons?: number;
  /** What may go wrong; all of it by default. */
  wrong?: readonly TroubleName[];
  /** What is on this day for certain; on others it is by chance. */
  extras?: readonly Extra[];
  /** Of the plan, what is left in (by place): what a failure has been shrunk to. */
  only?: { presses?: readonly number[]; strikes?: readonly number[]; goodBroker?: boolean };
}

/** Quicker than any finger of a day without sums. */
const neverSummed = 6000;

export function planOf({ seed, presses, buttons = 10, wrong, extras = [], only }: DayOptions): Plan {
  const names = wrong ?? (Object.keys(troubles) as TroubleName[]);
  const random = seeded(`plan ${seed}`);
  const nextN = random.chance(0.3) ? 9900 : 1;
  const direct = !random.chance(0.15);
  const calm = random.chance(0.3);
  const more = seeded(`extras ${seed}`);
  const has = (extra: Extra) => more.chance(0.3) || extras.includes(extra);
  const [drills, sums, probes] = [has('drills'), has('sums'), has('probes')];
  const probed = probes ? Math.floor(buttons / 3) : 0;
  const pressed = buttons - probed;
  const planned: PlannedPress[] = [];
  let ends = 0;
  for (let i = 0; i < presses; i++) {
    // Now and then a contact chatters.
    const again = sums && more.chance(0.6) ? planned.at(-1) : undefined;
    ends += again ? more.between(20, 400) : 50 + random.fraction() * 1500;
    const unit = again?.unit ?? i % pressed;
    planned.push({ at: ends, unit, how: kindOf(random.fraction()) });
  }
  const strikes: Strike[] = [];
  // On a calm day nothing goes wrong at first: there every press must come through at once, and only once.
  for (let at = calm ? ends / 2 : random.fraction() * 3000; at < ends;) {
    const trouble = names[Math.floor(random.fraction() * names.length)]!;
    const ms = 200 + random.fraction() * 8000;
    // Half of them in the very moments in which a press is on its way.
    const near = planned.find((press) => press.at >= at);
    const moment = random.chance(0.5) && near !== undefined ? near.at + random.between(0, 80) : at;
    strikes.push({ at: moment, ms, trouble, random: seeded(`strike ${strikes.length} ${seed}`) });
    at = Math.max(at, moment) + 500 + random.fraction() * 8000;
  }
  return {
    nextN,
    direct,
    badBroker: !calm && only?.goodBroker !== true,
    presses: chosen(planned, only?.presses),
    strikes: chosen(strikes, only?.strikes),
    drills: drills ? drillsOf(more, ends, pressed) : [],
    abovePerMinute: sums ? Math.floor(more.between(1, 6)) : neverSummed,
    probed,
    ends,
  };
}

/** One after the other, each over some of the buttons, as long as the day is. */
function drillsOf(random: Seeded, dayEnds: number, buttons: number): PlannedDrill[] {
  const drills: PlannedDrill[] = [];
  for (let at = random.between(0, 5000); at < dayEnds;) {
    const beginsIn = random.between(0, 4000);
    const lasts = random.between(2000, 30_000);
    const ends = at + beginsIn + lasts;
    drills.push({
      at,
      beginsIn,
      lasts,
      units: Array.from({ length: buttons }, (_, i) => i).filter(() => random.chance(0.6)),
      endedAt: random.chance(0.3) ? random.between(at + beginsIn, ends) : null,
    });
    at = ends + random.between(0, 20_000);
  }
  return drills;
}

function chosen<T>(all: T[], places: readonly number[] | undefined): T[] {
  return places === undefined ? all : places.flatMap((place) => all[place] ?? []);
}

function kindOf(dice: number): How {
  if (dice < 0.76) return 'press';
  if (dice < 0.84) return 'longPress';
  return dice < 0.92 ? 'secondPress' : 'test';
}
