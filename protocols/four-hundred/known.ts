import type { CrossingRole } from '../inventory/campus.ts';
import type { Bilingual } from '../messages/bilingual.ts';
import type { CampusPlan } from './campus-plan.ts';
import type { Evidence, EvidenceOf } from './evidence.ts';
import { Latest } from './latest.ts';
import { type Span, withSpan } from './spans.ts';

export const deviceStates = ['good', 'fault', 'offline', 'missing', 'unknown'] as const;
const proofSteps = ['nothing', 'edge', 'cloud', 'door', 'centre'] as const;
export const routes = ['cloud', 'direct'] as const;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Longer than any rule looks back. */
const keptMs = 400 * dayMs;
/**
 * Pieces that are kept of one contact, patrol point or post. A beam that flickers fills it: then the oldest go, and what
 * was before them counts as unwatched. Of rounds and polls nobody comes near it.
 */
const mostKept = 1_000;
const endedKeptMs = 150 * dayMs;
/** Windows of the crossing post that are kept beyond those looked back on: late evidence may still move them. */
const spareWindows = 4;

/** Latest by (`at`, `id`), for things of which there are few. */
interface Dated {
  at: number;
  id: number;
}
const isLater = (one: Dated, other: Dated | undefined) =>
  other === undefined || one.at > other.at || (one.at === other.at && one.id > other.id);

/**
 * All that is known of one campus, compact: what no rule can ask for any more is forgotten. Taking evidence twice or
 * in another order leaves the same knowledge.
 */
export class Known {
  readonly states: Latest;
  readonly #state: Uint8Array;
  readonly #until: Float64Array;
  /** In a technician's words, where there are any. */
  readonly reasons = new Map<number, Bilingual>();
  readonly clocks: Latest;
  readonly offsetS: Float32Array;
  readonly pictures: Latest;
  readonly pictureGood: Uint8Array;
  readonly pictureReasons = new Map<number, Bilingual>();
  readonly recordings: Latest;
  readonly recordedDays: Float32Array;
  /** By route, then by button. */
  readonly proofs: readonly { latest: Latest; step: Uint8Array; latencyMs: Float32Array }[];
  /** When each watcher was watching. */
  readonly watched = new Map<number, Span[]>();
  /** What each contact said, oldest first. */
  readonly contacts = new Map<number, EvidenceOf<'contact'>[]>();
  /** Before this moment a contact has said more than is kept. */
  readonly contactsFrom = new Map<number, number>();
  readonly explained = new Set<number>();
  /** Who is on each post, by person. */
  readonly manning = new Map<string, Map<string, EvidenceOf<'check-in'>>>();
  readonly polls = new Map<string, EvidenceOf<'duty-poll'>[]>();
  /** When each patrol point was passed, oldest first. */
  readonly rounds = new Map<string, Dated[]>();
  /** By gate, then by the moment its window began: who of each role was there first. */
  readonly crossings = new Map<number, Map<number, Partial<Record<CrossingRole, Dated>>>>();
  readonly drills: EvidenceOf<'drill'>[] = [];
  readonly maintenance: EvidenceOf<'maintenance'>[] = [];
  /** By the maintenance that is over before its time: since when. */
  readonly #endedEarly = new Map<number, number>();
  readonly #outages = new Map<number, EvidenceOf<'outage'>>();
  /** The same as spans; an open one has no end. */
  outages: readonly Span[] = [];
  readonly #plan: CampusPlan;

  constructor(plan: CampusPlan) {
    this.#plan = plan;
    const { devices, cameras, buttons } = plan;
    this.states = new Latest(devices.length);
    this.#state = new Uint8Array(devices.length);
    this.#until = new Float64Array(devices.length);
    this.clocks = new Latest(cameras);
    this.offsetS = new Float32Array(cameras);
    this.pictures = new Latest(cameras);
    this.pictureGood = new Uint8Array(cameras);
    this.recordings = new Latest(cameras);
    this.recordedDays = new Float32Array(cameras);
    this.proofs = routes.map(() => ({
      latest: new Latest(buttons),
      step: new Uint8Array(buttons),
      latencyMs: new Float32Array(buttons),
    }));
    for (const watcher of plan.watchers) {
      this.watched.set(watcher, []);
      this.contacts.set(watcher, []);
    }
  }

  /** The last word on a device and how long it holds; null: there was none. */
  state(device: number): { state: (typeof deviceStates)[number]; until: number } | null {
    if (this.states.at(device) === null) return null;
    return { state: deviceStates[this.#state[device]!]!, until: this.#until[device]! };
  }

  /** How far the last proof of a button on a route came, and in what time; null: there was none. */
  proof(button: number, route: (typeof routes)[number]) {
    const { latest, step, latencyMs } = this.proofs[routes.indexOf(route)]!;
    const at = latest.at(button);
    const ms = latencyMs[button]!;
    if (at === null) return null;
    const latency_ms = Number.isNaN(ms) ? null : ms;
    return { at, id: latest.id(button), proved: proofSteps[step[button]!]!, latency_ms };
  }

  /** Takes one piece in. False: it says nothing new, or nothing of this campus. */
  take(piece: Evidence): boolean {
    switch (piece.kind) {
      case 'state':
        return this.#takeState(piece);
      case 'clock':
      case 'picture':
      case 'recording':
        return this.#takeOfCamera(piece);
      case 'proof':
        return this.#takeProof(piece);
      case 'contact':
        return this.#takeContact(piece);
      case 'explained':
        if (this.explained.has(piece.opening)) return false;
        if (this.explained.size >= mostKept) this.explained.delete(this.explained.values().next().value!);
        this.explained.add(piece.opening);
        return true;
      case 'check-in':
        return this.#takeCheckIn(piece);
      case 'duty-poll': {
        if (!this.#plan.posts.some(({ post }) => post.id === piece.post)) return false;
        const kept = this.#plan.rules.guards.polls_days;
        return insert(listIn(this.polls, piece.post), piece, (kept + 2) * dayMs);
      }
      case 'drill':
        return insert(this.drills, piece, keptMs);
      case 'maintenance':
        return this.#takeMaintenance(piece);
      case 'maintenance-ended':
        return this.#endMaintenance(piece);
      case 'outage':
        return this.#takeOutage(piece);
    }
  }

  #takeState(piece: EvidenceOf<'state'>): boolean {
    const device = this.#plan.indexOf.get(piece.device);
    if (device === undefined) return false;
    const until = piece.holds_ms === null ? Infinity : piece.at + piece.holds_ms;
    const watched = piece.state === 'good' ? this.watched.get(device) : undefined;
    if (watched !== undefined) {
      const kept = this.#plan.rules.closed_campus.quiet_days + this.#plan.rules.guards.rounds_days + 2;
      // A good word without an end would cover what nobody has seen.
      const merged = withSpan(watched, [piece.at, Number.isFinite(until) ? until : piece.at]);
      const oldest = merged.at(-1)![1] - kept * dayMs;
      this.watched.set(
        device,
        merged.filter(([, to]) => to > oldest),
      );
    }
    if (!this.states.take(device, piece)) return watched !== undefined;
    this.#state[device] = deviceStates.indexOf(piece.state);
    this.#until[device] = until;
    if (piece.reason === undefined) this.reasons.delete(device);
    else this.reasons.set(device, piece.reason);
    return true;
  }

  #takeOfCamera(piece: EvidenceOf<'clock' | 'picture' | 'recording'>): boolean {
    const camera = this.#plan.indexOf.get(piece.device);
    if (camera === undefined || camera >= this.#plan.cameras) return false;
    if (piece.kind === 'clock') {
      if (!this.clocks.take(camera, piece)) return false;
      this.offsetS[camera] = piece.offset_s;
    } else if (piece.kind === 'recording') {
      if (!this.recordings.take(camera, piece)) return false;
      this.recordedDays[camera] = piece.days;
    } else {
      if (!this.pictures.take(camera, piece)) return false;
      this.pictureGood[camera] = Number(piece.good);
      if (piece.reason === undefined) this.pictureReasons.delete(camera);
      else this.pictureReasons.set(camera, piece.reason);
    }
    return true;
  }

  #takeProof(piece: EvidenceOf<'proof'>): boolean {
    const device = this.#plan.indexOf.get(piece.device) ?? -1;
    const button = device - this.#plan.cameras;
    if (button < 0 || button >= this.#plan.buttons) return false;
    const { latest, step, latencyMs } = this.proofs[routes.indexOf(piece.route)]!;
    if (!latest.take(button, piece)) return false;
    step[button] = proofSteps.indexOf(piece.proved);
    latencyMs[button] = piece.latency_ms ?? Number.NaN;
    return true;
  }

  #takeContact(piece: EvidenceOf<'contact'>): boolean {
    const device = this.#plan.indexOf.get(piece.device);
    const said = device === undefined ? undefined : this.contacts.get(device);
    if (device === undefined || said === undefined) return false;
    // One word from before the days looked back on is enough: it says how they began.
    if (!insert(said, piece, (this.#plan.rules.closed_campus.quiet_days + 2) * dayMs, 1)) return false;
    if (said.length === mostKept) this.contactsFrom.set(device, said[0]!.at);
    return true;
  }

  #takeCheckIn(piece: EvidenceOf<'check-in'>): boolean {
    const { campus, rules } = this.#plan;
    if ('post' in piece.place) {
      const { post } = piece.place;
      const { person } = piece;
      // Who is not on the roll does not man a post.
      if (person === undefined || !campus.guards.some(({ id }) => id === person)) return false;
      const there = this.manning.get(post) ?? new Map<string, EvidenceOf<'check-in'>>();
      this.manning.set(post, there);
      if (!isLater(piece, there.get(person))) return false;
      there.set(person, piece);
      return true;
    }
    if (!piece.on) return false;
    if ('patrol' in piece.place) {
      const { patrol } = piece.place;
      if (!campus.patrol.some(({ id }) => id === patrol)) return false;
      const { at, id } = piece;
      return insert(listIn(this.rounds, patrol), { at, id }, (rules.guards.rounds_days + 2) * dayMs);
    }
    return this.#takeCrossing(piece, piece.place.crossing);
  }

  #takeCrossing(piece: EvidenceOf<'check-in'>, gateId: string): boolean {
    const { crossings, days, gates, rules } = this.#plan;
    const gate = gates.findIndex(({ id }) => id === gateId);
    const { early_min, windows } = rules.crossing_post;
    const { at, id, person } = piece;
    if (person === undefined || gate === -1) return false;
    // Coming early may begin on the evening before.
    const window = [...days.dayOf(at).windows, ...days.dayOf(at + early_min * minuteMs).windows].find(
      (one) =>
        one.from - early_min * minuteMs <= at &&
        at < one.to &&
        crossings.some((crossing) => crossing.gate === gate && crossing.window === one.id),
    );
    const roster = crossings.find((one) => one.gate === gate && one.window === window?.id)?.roster;
    const roles = rules.crossing_post.roles.filter((role) => roster?.[role].includes(person));
    if (window === undefined || roles.length === 0) return false;
    const byWindow = this.crossings.get(gate) ?? new Map<number, Partial<Record<CrossingRole, Dated>>>();
    this.crossings.set(gate, byWindow);
    const there = byWindow.get(window.from) ?? {};
    byWindow.set(window.from, there);
    let news = false;
    for (const role of roles) {
      // The first counts: who was there in time was in time.
      if (there[role] !== undefined && !isLater(there[role], { at, id })) continue;
      there[role] = { at, id };
      news = true;
    }
    // One gate has a few windows on each day.
    const kept = windows + spareWindows;
    if (byWindow.size > kept) {
      for (const from of [...byWindow.keys()].sort((a, b) => b - a).slice(kept)) byWindow.delete(from);
    }
    return news;
  }

  /** What ended longer ago than any window that is looked back on says nothing any more. */
  #takeMaintenance(piece: EvidenceOf<'maintenance'>): boolean {
    const to = Math.min(piece.to, this.#endedEarly.get(piece.id) ?? Infinity);
    if (!insert(this.maintenance, { ...piece, to }, keptMs)) return false;
    const oldest = this.maintenance.at(-1)!.at - endedKeptMs;
    const ended = this.maintenance.filter(({ to }) => to < oldest);
    for (const one of ended) this.maintenance.splice(this.maintenance.indexOf(one), 1);
    return true;
  }

  /** Of two ends the earlier counts: no time is excused in which somebody had said that it is over. */
  #endMaintenance({ maintenance, at }: EvidenceOf<'maintenance-ended'>): boolean {
    const before = this.#endedEarly.get(maintenance);
    if (before !== undefined && before <= at) return false;
    this.#endedEarly.set(maintenance, at);
    if (this.#endedEarly.size > mostKept) this.#endedEarly.delete(this.#endedEarly.keys().next().value!);
    for (const [i, one] of this.maintenance.entries())
      if (one.id === maintenance) this.maintenance[i] = { ...one, to: Math.min(one.to, at) };
    return true;
  }

  #takeOutage(piece: EvidenceOf<'outage'>): boolean {
    const before = this.#outages.get(piece.id);
    // Of two ends the earlier: no time is excused that was measured.
    if (before !== undefined && (piece.to === null || (before.to !== null && before.to <= piece.to)))
      return false;
    this.#outages.set(piece.id, piece);
    for (const [id, { to }] of this.#outages)
      if (to !== null && to < piece.at - keptMs) this.#outages.delete(id);
    let spans: Span[] = [];
    for (const { at, to } of this.#outages.values()) spans = withSpan(spans, [at, to ?? Infinity]);
    this.outages = spans;
    return true;
  }
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

/**
 * Sorted by (`at`, `id`), each once; false: it is there already. What is older than the newest by `keptMs` goes, but
 * for `spare` pieces, and of too many the oldest.
 */
function insert<T extends Dated>(list: T[], piece: T, keptMs: number, spare = 0): boolean {
  let i = list.length;
  while (i > 0 && !isLater(piece, list[i - 1])) i -= 1;
  if (list[i]?.at === piece.at && list[i]?.id === piece.id) return false;
  list.splice(i, 0, piece);
  let old = 0;
  while (old < list.length && list[old]!.at < list.at(-1)!.at - keptMs) old += 1;
  list.splice(0, Math.max(0, old - spare, list.length - mostKept));
  return true;
}
