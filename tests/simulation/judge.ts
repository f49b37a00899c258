import { encodeContactId } from '#protocols/contact-id.ts';
import { formatTimestamp } from '#protocols/dc09/timestamp.ts';
import { sequenceOf } from '#protocols/signal.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import { account, type CentreName, centres, type City } from './city.ts';

/** What a day did wrong. Every list should be empty. */
export interface Findings {
  /** Presses that a centre never got, as `centre origin`. */
  lost: string[];
  /** Presses that a centre holds under more than one (account, sequence, data, [H]). */
  doubled: string[];
  /** Frames at a centre that are of no press. */
  unexplained: string[];
  /** Lamps that said delivered before 110 had acknowledged that very press. */
  lies: string[];
  /** Presses that their unit remembers and whose lamp never said delivered. */
  dark: string[];
  /** Alarms still in the edge's outbox at the end, with everything mended. */
  stuck: string[];
  /** Alarms without a receipt of 110 of which nobody was told during the long silence. */
  untold: string[];
  /** Alerts over undelivered alarms that are open although all is delivered. */
  stale: string[];
  presses: number;
  /** Presses at 110 under two names, the first of which died with the edge before any disk held it. */
  twins: number;
  /** Presses that 110 acknowledged by the direct path, and whose edge died before any disk of ours held them. */
  forgotten: number;
  /** Identical frames beyond the first: allowed where a receipt was lost or late. */
  repeats: number;
  trace: readonly string[];
}

interface SignalRow {
  name: string;
  origin: string;
  n: number;
  zone: number;
  code: string;
  occurred_at: number;
  clock_known: number;
}

/** What was asked for but never told: to be called after a silence of 110 in which nothing else was wrong. */
export function findUntold(city: City): string[] {
  return city
    .look<{ name: string }>(
      'cloud',
      `SELECT name FROM signals s WHERE same_as IS NULL AND delivered_at IS NULL AND NOT EXISTS
        (SELECT 1 FROM alerts a WHERE a.code = 'alarm-undelivered' AND a.subject = s.name AND a.closed_at IS NULL)`,
    )
    .map(({ name }) => name);
}

export function judge(city: City): Omit<Findings, 'untold'> {
  const signals = city.look<SignalRow>(
    'cloud',
    'SELECT name, origin, n, zone, code, occurred_at, clock_known FROM signals',
  );
  const namesOf = Map.groupBy(signals, ({ origin }) => origin);
  const rows = city.look<{ name: string; origin: string }>('edge', 'SELECT name, origin FROM alarms');
  const kept = new Set(rows.flatMap(({ name, origin }) => [name, origin]));
  const held = new Map(centres.map((centre) => [centre, framesByIdentity(city, centre)]));
  const unexplained = new Map(centres.map((centre) => [centre, new Map(held.get(centre))]));
  const lost: string[] = [];
  const doubled: string[] = [];
  const lies: string[] = [];
  let twins = 0;
  let forgotten = 0;

  const suspects = city.ledger.all.filter(({ origin, heldWhenLit }) => {
    const names = namesOf.get(origin) ?? [];
    let litTooSoon = false;
    for (const centre of centres) {
      const frames = held.get(centre)!;
      const here = names.filter((row) => frames.has(identityOf(row)));
      const identities = [...new Set(here.map(identityOf))];
      for (const identity of identities) unexplained.get(centre)!.delete(identity);
      if (names.length > 0 && identities.length === 0) lost.push(`${centre} ${origin}`);
      if (identities.length > 1) {
        if (here.filter(({ name }) => kept.has(name)).length <= 1) twins += 1;
        else doubled.push(`${centre} ${origin}: ${here.map(({ name }) => name).join(' and ')}`);
      }
      if (centre === centres[0] && heldWhenLit !== null)
        litTooSoon = !identities.some((identity) => frames.get(identity)! < heldWhenLit);
    }
    return names.length === 0 || litTooSoon;
  });
  // A name of which the cloud has never heard may be known to 110, by the direct path of an edge that then died.
  const at110 = unexplained.get(centres[0])!;
  for (const { origin, unit, heldWhenLit } of suspects) {
    const zone = ` ${String(unit + 1).padStart(3, '0')}"`;
    const told = [...at110].find(
      ([identity, place]) => identity.includes(zone) && place < (heldWhenLit ?? 0),
    );
    const known = namesOf.has(origin);
    if (told === undefined || (!known && kept.has(origin))) (known ? lies : lost).push(origin);
    else {
      at110.delete(told[0]);
      if (known) twins += 1;
      else forgotten += 1;
    }
  }

  return {
    lost,
    doubled,
    lies,
    unexplained: centres.flatMap((centre) =>
      [...unexplained.get(centre)!.keys()].map((i) => `${centre} ${i}`),
    ),
    dark: city.ledger.all.filter((p) => p.remembered && p.heldWhenLit === null).map(({ origin }) => origin),
    stuck: city.edge?.status().alarms.map(({ name }) => name) ?? ['the edge does not run'],
    stale: city
      .look<{ subject: string }>(
        'cloud',
        `SELECT subject FROM alerts WHERE code = 'alarm-undelivered' AND closed_at IS NULL`,
      )
      .map(({ subject }) => subject),
    presses: city.ledger.all.length,
    twins,
    forgotten,
    repeats: centres.reduce((n, c) => n + city.frames(c).length - held.get(c)!.size, 0),
    trace: city.world.trace,
  };
}

/** Of each identity that a centre holds, the place of its first frame. */
function framesByIdentity(city: City, centre: CentreName): Map<string, number> {
  const first = new Map<string, number>();
  for (const [i, { account, sequence, data, h }] of city.frames(centre).entries()) {
    const identity = JSON.stringify([account, sequence, data, h]);
    if (!first.has(identity)) first.set(identity, i);
  }
  return first;
}

function identityOf({ n, zone, code, occurred_at, clock_known }: SignalRow): string {
  const data = encodeContactId({ account, qualifier: 1, code, partition: 0, zone });
  const sequence = sequenceOf({ gateway: '', epoch: '', lane: 'alarm', n });
  const h: CentreFrame['h'] = clock_known ? formatTimestamp(occurred_at) : null;
  return JSON.stringify([account, sequence, data, h]);
}
