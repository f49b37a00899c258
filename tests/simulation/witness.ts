import type { MqttMessage } from '#platform/ports.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import { pointOf } from './centre-book.ts';
import { centres, type CentreName, type City } from './city.ts';
import { type SummedRow, textOf, type Told } from './names.ts';
import { fingerText, type Pressed } from './ledger.ts';

/** Copies of one alarm within this time, and how many are too many, whatever goes wrong meanwhile. */
const floodMs = 5000;
const floodCopies = 40;
/** The edge makes way for so long after a press; and what is on its way to the broker is not called back, ms. */
const makeWayMs = 9500;
const inFlightMs = 50;

/**
 * Stands by all day and checks what can be checked at once: at each host-ack, lamp, frame at 110, copy on the
 * broker and commit of the outbox.
 */
export class Witness {
  readonly #city: City;
  readonly #copies = new Map<string, number[]>();
  /** Questions (copies, reports) since the last answer, by name: one answer is for all that wait together. */
  readonly #owed = new Map<string, number>();
  /** Alarms that have gone to the cloud: when, and until when the rest of the edge makes way for them. */
  readonly #underWay = new Map<string, { from: number; to: number }>();
  readonly #batches = new Set<string>();
  #countedFrom = 0;
  #left = 0;

  constructor(city: City) {
    this.#city = city;
  }

  /** Durable somewhere: the gateway's disk, the cloud's, or 110. */
  acked(pressed: Pressed): void {
    const city = this.#city;
    const stored = (['edge', 'cloud'] as const).some((machine) => this.#onDisk(machine, pressed));
    if (!stored && city.book(centres[0]).inLane(pressed.lane) === 0)
      city.findings.add('early', `${pressed.finger} was host-acked and is nowhere`);
  }

  /** As many different incidents of this lane at 110 as lamps of it that say delivered; a sum lights many. */
  lit(pressed: Pressed): void {
    const city = this.#city;
    const { lane } = pressed;
    const lit = city.ledger.all.filter((p) => p.lane === lane && p.litAt !== null).length;
    if ((city.sums ? 1 : lit) > city.book(centres[0]).inLane(lane))
      city.findings.add('lies', `${pressed.finger}: its lamp says delivered, and 110 does not know of it`);
  }

  frame(centre: CentreName, frame: CentreFrame): void {
    const point = pointOf(frame);
    const { drills, ledger, findings } = this.#city;
    const [zone, code] = point.split(' ');
    if (code === '602' && this.#city.probes) return;
    if (ledger.all.some((p) => drills.mayLookLike(p, point))) return;
    const other = ledger.all.findLast((p) => p.point.split(' ')[0] === zone);
    if (other === undefined) findings.add('unexplained', `${centre} got ${frame.data}`);
    else findings.add('disguised', `${other.finger} looks like ${frame.data} at ${centre}`);
  }

  /** A message has come to the broker, straight from a gateway. */
  published({ topic, payload }: MqttMessage): void {
    if (topic.endsWith('/gateway/telemetry')) return this.#batch(payload);
    const alarmLane = topic.endsWith('/alarm');
    if (!alarmLane && !topic.endsWith('/receipt')) return;
    const city = this.#city;
    const message = JSON.parse(Buffer.from(payload).toString()) as AlarmLane;
    if (message.kind === 'refused') this.#city.findings.add('refused', Buffer.from(payload).toString());
    if (message.name === undefined) return;
    const name = textOf(message.name);
    this.#owed.set(name, alarmLane ? (this.#owed.get(name) ?? 0) + 1 : 0);
    if (message.kind === 'alarm-receipt') return;
    const { now } = city.world;
    if (message.kind === 'alarm') {
      city.names.learn(message);
      const age =
        message.since_first_byte_ms === null
          ? Infinity
          : message.age_at_first_byte_ms + message.since_first_byte_ms;
      if (!this.#underWay.has(name))
        this.#underWay.set(name, { from: now + inFlightMs, to: now + makeWayMs - age });
    }
    const key = `${message.kind} ${name}`;
    const copies = (this.#copies.get(key) ?? []).filter((at) => now - at < floodMs);
    copies.push(now);
    this.#copies.set(key, copies);
    if (copies.length > floodCopies)
      city.findings.add('flood', `${city.names.fingerOf(name) ?? name}: over ${floodCopies} copies in 5 s`);
  }

  /** A batch that has never been sent before sets out only while no alarm waits for 110. */
  #batch(payload: Uint8Array): void {
    const message = JSON.parse(Buffer.from(payload).toString()) as Batch;
    if (message.kind !== 'telemetry') return;
    const key = `${message.epoch} ${message.n}`;
    if (this.#batches.has(key)) return;
    this.#batches.add(key);
    const { edge, world, findings } = this.#city;
    for (const { name, delivered } of edge?.status().alarms ?? []) {
      const way = this.#underWay.get(name);
      if (!delivered && way !== undefined && way.from < world.now && world.now < way.to)
        findings.add('pushy', `batch ${key} was sent before ${name} was delivered`);
    }
  }

  /** From here on questions and answers are counted. */
  countAnswers(): void {
    this.#owed.clear();
    this.#countedFrom = this.#city.world.now;
  }

  /**
   * Called when nothing but 110 was wrong since `countAnswers`, for presses made since then. A report and a copy,
   * which go together, may be on their way.
   */
  findUnanswered(): void {
    const { ledger, names, findings } = this.#city;
    for (const pressed of ledger.all) {
      if (pressed.at < this.#countedFrom) continue;
      for (const { name } of names.of(pressed, ledger.all)) {
        const owed = this.#owed.get(name) ?? 0;
        if (owed > 2) findings.add('unanswered', `${pressed.finger}: ${owed} copies`);
      }
    }
  }

  /** The outbox has changed: what has left it must be known to 110. */
  outboxCommitted(): void {
    const city = this.#city;
    if (city.sums) this.#learnSums();
    const [count] = city.look<{ n: number }>('edge', `SELECT COUNT(*) AS n FROM alarms WHERE ${hasLeft}`);
    if (count === undefined || count.n === this.#left) return;
    this.#left = count.n;
    const book = city.book(centres[0]);
    const trimmed = (what: string) =>
      city.findings.add('trimmed', `${what} has left the outbox, and 110 does not know of it`);
    const left = new Map<string, string[]>();
    for (const { record } of city.look<{ record: string }>(
      'edge',
      `SELECT record FROM alarms WHERE ${hasLeft}`,
    )) {
      const told = JSON.parse(record) as Told;
      const { origin, sum } = told.facts;
      if (sum !== undefined) {
        city.names.learn(told);
        const name = textOf(told.name);
        const named = city.names.sums(name).flatMap((sum) => sum.named);
        if (!named.some(({ identity }) => book.identities.has(identity))) trimmed(`the sum ${name}`);
      }
      if (origin === null) continue;
      const finger = fingerText(origin);
      const lane = city.ledger.all.find((p) => p.finger === finger)?.lane;
      if (lane !== undefined) left.set(lane, [...(left.get(lane) ?? []), finger]);
    }
    for (const [lane, fingers] of left) if (fingers.length > book.inLane(lane)) trimmed(fingers.at(-1)!);
  }

  #learnSums(): void {
    const { names } = this.#city;
    for (const { record, isMember } of this.#city.look<{ record: string; isMember: number }>(
      'edge',
      `SELECT record, name LIKE '%#%' AS isMember FROM alarms WHERE left_at IS NULL AND (isMember OR ${isSum})`,
    )) {
      if (isMember) names.learnMember(JSON.parse(record) as SummedRow);
      else names.learn(JSON.parse(record) as Told);
    }
  }

  #onDisk(machine: 'edge' | 'cloud', pressed: Pressed): boolean {
    const { names, ledger } = this.#city;
    const counter = Number(pressed.finger.split('/')[2]);
    const table = machine === 'edge' ? 'alarms' : 'signals';
    const rows = this.#city.look<{ origin: string }>(
      machine,
      `SELECT origin FROM ${table} WHERE origin LIKE ?`,
      [`%-${counter}-%`],
    );
    if (rows.some(({ origin }) => fingerOfText(origin) === pressed.finger)) return true;
    if (!this.#city.sums) return false;
    // A sum counts them: where it is, they are.
    const sums = this.#city.look<{ name: string }>(
      machine,
      `SELECT name FROM ${table} WHERE ${machine === 'edge' ? isSum : 'sum IS NOT NULL'}`,
    );
    return sums.some(({ name }) => names.sums(name).some((sum) => names.isIn(sum, pressed, ledger.all)));
  }
}

/** Of the rows of the outbox; those of summed presses have no receipts of their own. */
const isSum = "json_extract(record, '$.facts.type') = 'sum'";
const hasLeft = "left_at IS NOT NULL AND name NOT LIKE '%#%'";

/** From what the edge and the cloud write: `serial-boot-counter-type`. */
function fingerOfText(origin: string): string {
  const [serial, boot, counter, ...type] = origin.split('-');
  const parts = { serial: Number.parseInt(serial!, 16), boot: Number(boot), counter: Number(counter) };
  return fingerText({ ...parts, type: type.join('-') });
}

interface Batch {
  kind: 'telemetry' | 'gone';
  epoch: string;
  n: number;
}

type AlarmLane =
  | ({ kind: 'alarm'; age_at_first_byte_ms: number; since_first_byte_ms: number | null } & Told)
  | { kind: 'report' | 'alarm-receipt'; name: Told['name'] }
  | { kind: 'word' | 'birth-answer' | 'refused'; name?: undefined };
