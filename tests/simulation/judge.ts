import { firstBreak, type LogEntry } from '#cloud/incidents/chain.ts';
import type { Identity } from './centre-book.ts';
import { type CentreName, centres, type City } from './city.ts';
import type { Pressed } from './ledger.ts';
import { type Named, namedOf, type SummedRow, type Told } from './names.ts';
import type { Plan } from './plan.ts';

interface Frame {
  identity: Identity;
  point: string;
  /** Its place among all frames of the centre. */
  first: number;
  times: number[];
}

/** What is no wrong, and yet worth counting. */
export interface Judged {
  /** Presses at 110 under two names, the first of which died with the edge before any disk held it. */
  twins: number;
  /** Presses that 110 acknowledged by the direct path, and whose edge died before any disk of ours held them. */
  forgotten: number;
  /** Identical frames beyond the first: allowed where a receipt was lost or late. */
  repeats: number;
}

/** How long after a trouble its traces may still be seen, ms. */
const aftermathMs = 60_000;
/** How long an edge may have lived on without having told anybody of a receipt, ms. */
const orphanMs = 5000;
/** A probe has come to its end by then, ms. */
const probeMs = 240_000;
/** A frame arrives, whatever becomes of its sender meanwhile. */
const inFlightMs = 100;

/** What was asked for but never told: to be called after a silence of 110 in which nothing else was wrong. */
export function findUntold(city: City): void {
  const untold = city.look<{ name: string }>(
    'cloud',
    `SELECT name FROM signals s WHERE same_as IS NULL AND mode <> 'probe' AND delivered_at IS NULL AND NOT EXISTS
      (SELECT 1 FROM alerts a WHERE a.code = 'alarm-undelivered' AND a.subject = s.name AND a.closed_at IS NULL)`,
  );
  for (const { name } of untold) city.findings.add('untold', `${about(city, name)}: nobody was told`);
}

/** In full, at the end of a day on which all was mended. */
export function judge(city: City, plan: Plan): Judged {
  const atCloud = new Map(
    city
      .look<{ name: string; mode: string }>('cloud', 'SELECT name, mode FROM signals')
      .map(({ name, mode }) => [name, mode]),
  );
  const all = city.look<{ name: string; record: string }>('edge', 'SELECT name, record FROM alarms');
  const [members, alarms] = [all.filter(isMember), all.filter((row) => !isMember(row))];
  for (const { record } of members) city.names.learnMember(JSON.parse(record) as SummedRow);
  const rows = alarms.map(({ name, record }) => ({ name, record: JSON.parse(record) as EdgeRecord }));
  for (const { record } of rows) city.names.learn(record);
  const inOutbox = new Set(rows.map(({ name }) => name));
  const judged = { ...judgePresses(city, inOutbox, atCloud), repeats: repeatsOf(city) };
  city.measured.findMissing();
  judgeSums(city);
  judgeCloud(city);
  judgeProbes(city);
  judgeEdge(city, rows);
  if (!plan.badBroker) judgeUntouched(city);
  return judged;
}

const isMember = ({ name }: { name: string }) => name.includes('#');

/** Of a big sum only the latest presses show on their lamps how it goes. */
const sumLamps = 16;

function judgePresses(
  city: City,
  inOutbox: Set<string>,
  atCloud: ReadonlyMap<string, string>,
): Omit<Judged, 'repeats'> {
  const { drills, findings, ledger, names } = city;
  const unexplained = new Map(
    centres.map((centre) => [centre, new Set(city.book(centre).identities.keys())]),
  );
  const suspects: { pressed: Pressed; litTooSoon: boolean }[] = [];
  let twins = 0;
  let forgotten = 0;

  for (const pressed of ledger.all) {
    const { finger, heldWhenLit } = pressed;
    // It gave up its place in its unit's memory before anybody took it: nothing was promised of it.
    if (pressed.ackedAt === null && !waits(city, pressed)) continue;
    const named = names.of(pressed, ledger.all);
    const known = named.some(({ name }) => atCloud.has(name));
    const safe = named.some(({ name }) => inOutbox.has(name));
    // With a dead disk an edge takes what it knows of a lamp into its grave; the cloud brings the press to 110.
    const forgottenHere = pressed.ackedAt !== null && !safe;
    const isLatest = named.every(({ name }) => (names.sums(name)[0]?.count ?? 1) <= sumLamps);
    if (pressed.remembered && heldWhenLit === null && !forgottenHere && isLatest)
      findings.add('dark', finger);
    for (const { name, point, mode } of named) {
      const isHonest = mode !== 'drill' || point.endsWith(' 607');
      if (!isHonest || !modesOf(city, pressed).includes(mode) || !drills.mayLookLike(pressed, point))
        findings.add('disguised', `${finger} went as ${mode} ${point} under the name ${name}`);
    }
    let litTooSoon = false;
    for (const centre of centres) {
      const { identities } = city.book(centre);
      const here = named.filter(({ identity }) => identities.has(identity));
      const different = new Set(here.map(({ identity }) => identity));
      for (const identity of different) unexplained.get(centre)!.delete(identity);
      // What the gateway took for a drill and the cloud does not: 110 must know of it as of a real one.
      const owed = named.filter(({ name, mode }) => (atCloud.get(name) ?? mode) === mode);
      if (!owed.some(({ identity }) => different.has(identity)) && (known || safe)) {
        if (!excused(city, centre, pressed)) findings.add('lost', `${finger} never came to ${centre}`);
      }
      // Under one name as a drill and as real: then it was in doubt.
      if (new Set(here.map(({ name }) => name)).size > 1 && different.size > 1) {
        if (here.filter(({ name }) => inOutbox.has(name)).length <= 1) twins += 1;
        else findings.add('doubled', `${finger} came to ${centre} as ${textOf(here)}`);
      }
      if (centre === centres[0] && heldWhenLit !== null)
        litTooSoon = ![...different].some((identity) => identities.get(identity)!.first < heldWhenLit);
    }
    if (litTooSoon || !(known || safe)) suspects.push({ pressed, litTooSoon });
    else if (!known && city.storeForgets === null)
      findings.add('lost', `${finger}: the cloud has never heard of it`);
  }

  // A name of which nobody has ever heard may be known to 110, by the direct path of an edge that then died.
  const { identities } = city.book(centres[0]);
  const at110 = unexplained.get(centres[0])!;
  const isNamedAt110 = (pressed: Pressed) =>
    names.of(pressed, ledger.all).some(({ identity }) => identities.has(identity));
  const explained = explain(
    city,
    suspects
      .filter(({ pressed, litTooSoon }) => litTooSoon || !isNamedAt110(pressed))
      .map(({ pressed }) => pressed),
    [...at110].map((identity) => ({ identity, ...identities.get(identity)! })),
  );
  for (const { pressed, litTooSoon } of suspects) {
    const { finger } = pressed;
    const told = explained.get(pressed);
    if (told !== undefined) at110.delete(told);
    if (litTooSoon && told === undefined)
      findings.add('lies', `${finger}: its lamp said delivered before 110 had it`);
    else if (litTooSoon) twins += 1;
    else if (told !== undefined || isNamedAt110(pressed)) forgotten += 1;
    else findings.add('lost', `${finger} never came to 110`);
  }
  for (const [centre, left] of unexplained)
    for (const identity of left) {
      if (isProbe(city, centre, identity)) continue;
      if (isOrphan(city, centre, identity)) twins += 1;
      else findings.add('unexplained', `${centre} holds ${identity}`);
    }
  return { twins, forgotten };
}

/**
 * Gives each nameless frame to a press of its point that was made before it came and lit after it. Of several that fit, the one
 * whose lamp was lit first has it: so no press goes without a frame that it could have had.
 */
function explain({ drills, sums }: City, presses: Pressed[], frames: Frame[]): Map<Pressed, Identity> {
  const explained = new Map<Pressed, Identity>();
  const litFirst = presses.toSorted((a, b) => (a.heldWhenLit ?? Infinity) - (b.heldWhenLit ?? Infinity));
  for (const { identity, point, first, times } of frames.toSorted((a, b) => a.first - b.first)) {
    const fits = litFirst.filter(
      (p) =>
        drills.mayLookLike(p, point) &&
        p.at <= times[0]! &&
        first < (p.heldWhenLit ?? Infinity) &&
        !explained.has(p),
    );
    // A sum stands for many.
    for (const pressed of sums ? fits : fits.slice(0, 1)) explained.set(pressed, identity);
  }
  return explained;
}

/**
 * 110 took it from an edge that died before it had told anybody, and whose unit was not answered: it was sent again, as
 * another. An edge that sends it to 110 anew has had no receipt to tell.
 */
function isOrphan(city: City, centre: CentreName, identity: string): boolean {
  const { times, point } = city.book(centre).identities.get(identity)!;
  const [first, last] = [times[0]!, times.at(-1)!];
  const died = city.edgeDied.find((at) => at >= first - inFlightMs && at <= last + orphanMs);
  return (
    died !== undefined &&
    city.ledger.all.some(
      (p) => city.drills.mayLookLike(p, point) && p.at <= first && (p.ackedAt ?? Infinity) > died,
    )
  );
}

function isProbe(city: City, centre: CentreName, identity: string): boolean {
  return city.probes && city.book(centre).identities.get(identity)!.point.endsWith(' 602');
}

function modesOf({ drills }: City, pressed: Pressed): string[] {
  if (pressed.type === 'test') return ['test'];
  return drills.mayBe(pressed) ? ['real', 'drill'] : ['real'];
}

function waits(city: City, { unit, finger }: Pressed): boolean {
  const counter = Number(finger.split('/')[2]);
  return city.memories[unit]!.waiting.some((waiting) => waiting.counter === counter);
}

/** A store that was put back from a backup cannot owe what it does not know of; 110 has it all the same. */
function excused(city: City, centre: string, { at }: Pressed): boolean {
  const gone = city.storeForgets;
  return centre !== centres[0] && gone !== null && at >= gone.from && at <= gone.to;
}

function judgeSums({ findings, names }: City): void {
  for (const [name, sums] of Map.groupBy(names.sums(), ({ name }) => name)) {
    const count = Math.max(...sums.map((sum) => sum.count));
    const { size } = sums[0]!.members;
    if (count < size) findings.add('miscounted', `the sum ${name} says ${count}, and stands for ${size}`);
  }
}

/** What is said to be proved through to 110 must be there. */
function judgeProbes(city: City): void {
  const proved = city.look<Told['name'] & Told['facts']>(
    'cloud',
    `SELECT s.gateway, s.epoch, s.n, s.mode, s.account, s.zone, s.code, s.occurred_at, s.clock_known
     FROM probes p JOIN signals s ON s.id = p.signal WHERE p.proved = 'centre'`,
  );
  const { identities } = city.book(centres[0]);
  for (const { gateway, epoch, n, ...facts } of proved) {
    const [named] = namedOf({ name: { gateway, epoch, n }, facts });
    if (!identities.has(named!.identity)) city.findings.add('flattered', `${named!.name} never came to 110`);
  }
}

function judgeCloud(city: City): void {
  const { findings } = city;
  for (const { name } of city.look<{ name: string }>(
    'cloud',
    `SELECT name FROM signals WHERE (mode <> 'real' AND incident IS NOT NULL)
       OR (mode = 'real' AND same_as IS NULL AND incident IS NULL)`,
  ))
    findings.add('mixed', about(city, name));
  for (const { name } of city.look<{ name: string }>(
    'cloud',
    `SELECT s.name FROM signals s WHERE s.mode = 'drill' AND NOT EXISTS
      (SELECT 1 FROM drills d, json_each(d.devices) e WHERE e.value = s.device
         AND s.occurred_at BETWEEN d.from_at - 2000 AND d.to_at + 2000)`,
  ))
    findings.add('believed', about(city, name));
  for (const { subject } of city.look<{ subject: string }>(
    'cloud',
    `SELECT subject FROM alerts WHERE code = 'alarm-undelivered' AND closed_at IS NULL`,
  ))
    findings.add('stale', about(city, subject));
  const log = city
    .look<Omit<LogEntry, 'detail'> & { detail: string; hash: string }>(
      'cloud',
      'SELECT incident, seq, at, step, signal, detail, hash FROM incident_log ORDER BY incident, seq',
    )
    .map((entry) => ({ ...entry, detail: JSON.parse(entry.detail) as LogEntry['detail'] }));
  for (const [incident, entries] of Map.groupBy(log, (entry) => entry.incident)) {
    const at = firstBreak(entries);
    if (at !== null) findings.add('rewritten', `incident ${incident}, entry ${at}`);
  }
}

type EdgeRecord = Told & { direct: unknown[] };

function judgeEdge(city: City, rows: { name: string; record: EdgeRecord }[]): void {
  const { edge, findings } = city;
  if (edge === null) findings.add('stuck', 'the edge does not run');
  const { world } = city;
  const cloudWall = world.wall + world.machine('cloud').skewMs;
  // Buttons are probed to the very end of the day.
  const probes = rows.filter(({ record: { facts } }) => facts.mode === 'probe');
  const underWay = new Set(
    probes.filter(({ record: { facts } }) => cloudWall - facts.occurred_at < probeMs).map(({ name }) => name),
  );
  for (const name of city.owedByEdge()) if (!underWay.has(name)) findings.add('stuck', about(city, name));
  const told = new Set(
    city
      .look<{ name: string }>(
        'cloud',
        `SELECT s.name FROM signals s LEFT JOIN receipts r ON r.signal = COALESCE(s.same_as, s.id)
         WHERE r.path = 'direct' OR (s.told_as = 'drill' AND s.mode = 'real')`,
      )
      .map(({ name }) => name),
  );
  for (const { name, record } of rows) {
    if (record.direct.length === 0 || told.has(name) || city.storeForgets !== null) continue;
    findings.add('unreported', `${about(city, name)}: 110 has told the edge, and the cloud does not know`);
  }
}

/**
 * Of a press that was made and lit while nothing was wrong, each centre has exactly one frame. A store that was put
 * back and has lost the centre's receipt may send it once more: when a broker repeats an old copy of it to that store.
 */
function judgeUntouched(city: City): void {
  for (const pressed of city.ledger.all) {
    const { finger, at, litAt } = pressed;
    if (litAt === null) continue;
    if (city.troubled.some(({ from, to }) => at < to + aftermathMs && litAt + 1000 > from)) continue;
    for (const centre of centres) {
      const { identities } = city.book(centre);
      const named = city.names.of(pressed, city.ledger.all);
      const own = new Set(named.map(({ identity }) => identity));
      const times = [...own].flatMap((identity) => identities.get(identity)?.times ?? []);
      const forgotten = city.forgottenReceipts.filter(({ of }) =>
        named.some(({ name }) => of.has(`${name} ${centre}`)),
      );
      const ofOneMemory = Map.groupBy(times, (time) => forgotten.filter(({ at }) => at < time).length);
      if ([...ofOneMemory.values()].some(({ length }) => length > 1))
        city.findings.add('repeated', `${finger} came to ${centre} ${times.length} times`);
    }
  }
}

function repeatsOf(city: City): number {
  return centres.reduce((sum, c) => sum + city.book(c).all().length - city.book(c).identities.size, 0);
}

/** The press behind a name, for people. */
function about(city: City, name: string): string {
  return `${city.names.fingerOf(name) ?? 'an unknown press'} (${name})`;
}

function textOf(named: Named[]): string {
  return named.map(({ name }) => name).join(' and ');
}
