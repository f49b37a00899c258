import type { CampusInventory } from '../inventory/campus.ts';
import type { Bilingual } from '../messages/bilingual.ts';
import type { DeviceReport } from '../messages/state.ts';
import type { DeviceRecord, Point } from '../messages/telemetry.ts';
import type { EvidenceOf } from './evidence.ts';

/** Where a message came from and when: `id` is that of the row under which it is kept. */
export interface Source {
  id: number;
  gateway: string;
  /** UTC ms by the cloud's clock. */
  known_at: number;
}

/** So many heartbeats without proof of life are silence. */
const silentAfterBeats = 3;

/** What liveness says of a device: good and fault hold as long as silence takes, all else until another word. */
export function evidenceOfState(
  source: Source,
  word: {
    device: string;
    state: 'good' | 'alarm' | 'fault' | 'offline' | 'unknown' | 'missing';
    /** UTC ms: when it was last heard, or since when the state holds. */
    at: number;
    heartbeat_s: number;
    reason?: Bilingual | undefined;
  },
): EvidenceOf<'state'> {
  const { device, at, heartbeat_s, reason } = word;
  // A sensor in alarm is alive.
  const state = word.state === 'alarm' ? 'good' : word.state;
  const renewed = state === 'good' || state === 'fault';
  return {
    ...common(source, at),
    kind: 'state',
    device: `${source.gateway}/${device}`,
    state,
    holds_ms: renewed ? heartbeat_s * 1000 * silentAfterBeats : null,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** How drivers say open and closed: a gate, a barrier, any other contact. */
const contactWords = new Map([
  ['open', true],
  ['up', true],
  ['active', true],
  ['closed', false],
  ['down', false],
  ['at rest', false],
]);

/**
 * Whether a contact is open, from a report of its device: what it said at the birth of a session or has changed since.
 * Null: the report says nothing of it, or nothing new.
 */
export function evidenceOfContact(
  source: Source,
  report: Pick<DeviceReport, 'id' | 'facts'>,
  before: Pick<DeviceReport, 'facts'> | null,
  at: number,
): EvidenceOf<'contact'> | null {
  const { state } = report.facts;
  const open = contactWords.get(String(state));
  if (open === undefined || before?.facts.state === state) return null;
  return { ...common(source, at), kind: 'contact', device: `${source.gateway}/${report.id}`, open };
}

/**
 * What a camera's measured value says: its clock, the days of its recording, that its picture was looked at (`facts`:
 * of its last report, which say with what result). Null: the value is no evidence.
 */
export function evidenceOfPoint(
  source: Source,
  { device: id, field, value, at }: Point,
  facts: DeviceReport['facts'],
): EvidenceOf<'clock' | 'recording' | 'picture'> | null {
  const device = `${source.gateway}/${id}`;
  switch (field) {
    case 'clock_offset_s':
      return { ...common(source, at), kind: 'clock', device, offset_s: value };
    case 'recorded_days':
      return { ...common(source, at), kind: 'recording', device, days: value };
    // One of the scores that each look gives.
    case 'picture_entropy':
      return { ...common(source, at), kind: 'picture', device, good: facts.picture === 'good' };
    default:
      return null;
  }
}

/**
 * What a record says: a contact, a check-in, a duty poll. `personOf` knows whose card it is. Null: it is no evidence of
 * this campus.
 */
export function evidenceOfRecord(
  source: Source,
  { device: id, kind, at, details }: DeviceRecord,
  campus: Pick<CampusInventory, 'posts' | 'patrol' | 'gates'>,
  personOf: (card: string) => string | null,
): EvidenceOf<'contact' | 'check-in' | 'duty-poll'> | null {
  const device = `${source.gateway}/${id}`;
  switch (kind) {
    case 'opened':
    case 'closed':
      return { ...common(source, at), kind: 'contact', device, open: kind === 'opened' };
    case 'duty-poll': {
      const post = campus.posts.find(({ terminal }) => terminal === device)?.id;
      if (post === undefined) return null;
      return { ...common(source, at), kind: 'duty-poll', post, answered: details.answered === true };
    }
    case 'check-in': {
      const place = placeOf(device, details, campus);
      const person = personOf(String(details.card)) ?? undefined;
      return (
        place && { ...common(source, at), kind: 'check-in', place, person, on: details.direction !== 'out' }
      );
    }
    default:
      return null;
  }
}

/** The place is that of the reader; a crossing post's is the gate that its reader calls its point. */
function placeOf(
  device: string,
  { purpose, point }: DeviceRecord['details'],
  { posts, patrol, gates }: Pick<CampusInventory, 'posts' | 'patrol' | 'gates'>,
): EvidenceOf<'check-in'>['place'] | null {
  if (purpose === 'guard-shift') {
    const post = posts.find(({ id, terminal }) => terminal === device || id === point)?.id;
    return post === undefined ? null : { post };
  }
  if (purpose === 'patrol') {
    const found = patrol.find(({ id, reader }) => reader === device || id === point)?.id;
    return found === undefined ? null : { patrol: found };
  }
  const gate = purpose === 'crossing-post' ? gates.find(({ id }) => id === point)?.id : undefined;
  return gate === undefined ? null : { crossing: gate };
}

/** A probe that is done, or a test press that was delivered. */
export function evidenceOfProof(
  source: Source,
  proof: Pick<EvidenceOf<'proof'>, 'at' | 'route' | 'proved' | 'latency_ms'> & { device: string },
): EvidenceOf<'proof'> {
  const { at, route, proved, latency_ms } = proof;
  const device = `${source.gateway}/${proof.device}`;
  return { ...common(source, at), kind: 'proof', device, route, proved, latency_ms };
}

function common({ id, known_at }: Source, at: number) {
  return { id, at, known_at };
}
