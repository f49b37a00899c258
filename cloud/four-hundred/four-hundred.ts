import type { Clock, Log, Statement } from '#platform/ports.ts';
import type { PublicHolidays } from '#protocols/calendar/public-holidays.ts';
import type { CampusLedger } from '#protocols/four-hundred/campus-ledger.ts';
import type { CampusPlan } from '#protocols/four-hundred/campus-plan.ts';
import { CityLedger } from '#protocols/four-hundred/city.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import type { RuleSet } from '#protocols/four-hundred/rules.ts';
import { type Verdict, verdictAt, verdictOf } from '#protocols/four-hundred/verdict.ts';
import type { CityInventory } from '#protocols/inventory/campus.ts';
import type { StateLaneMessage } from '#protocols/messages/state.ts';
import type { TelemetryMessage } from '#protocols/messages/telemetry.ts';
import type { Liveness } from '../liveness/liveness.ts';
import type { Store } from '../store/store.ts';
import { alive, noteAbsence } from './absence.ts';
import { type Draft, EvidenceStore, type Word } from './evidence-store.ts';
import { Heard } from './heard.ts';
import { type KeptCells, KeptHours } from './kept-hours.ts';
import { History } from './history.ts';
import type { LiveInventory } from './live-inventory.ts';
import { type PastVerdict, Plans } from './plans.ts';
import { Proofs } from './proofs.ts';
import { Listening } from './listening.ts';
import { LivenessWords } from './words.ts';

const turnMs = 1_000;
/** How exactly the beginning of an absence of ours is known. */
const aliveEveryMs = 5_000;
const proofsEveryMs = 5_000;
/** Often, so that what goes at once is little. */
const forgetEveryMs = 60_000;
/** Drafts that wait for a store that does not write; of more the oldest go, and what they said is unknown. */
const waitingLimit = 100_000;

export interface FourHundredParts {
  clock: Clock;
  log: Log;
  store: Store;
  liveness: Pick<Liveness, 'gateways' | 'gateway'>;
  inventory: LiveInventory;
  rules: RuleSet;
  holidays: PublicHolidays;
  /** Whose card it is on a campus: an id of the inventory. */
  personOf(campus: string, card: string): string | null;
}

/**
 * The four hundred of a city as they are now, were, and were known. Evidence is committed first and judged then, so
 * that a restart comes to the same verdicts.
 */
export class FourHundred {
  readonly evidence: EvidenceStore;
  readonly plans: Plans;
  history!: History;
  readonly #hours: KeptHours;
  readonly #parts: FourHundredParts;
  readonly #words = new LivenessWords();
  readonly #heard: Heard;
  readonly #proofs: Proofs;
  #inventory: CityInventory | null = null;
  #inventoryChanged = true;
  #city = new CityLedger([], 0);
  readonly #listening = new Listening();
  readonly #changes = new Map<string, number>();
  #waiting: Draft[] = [];
  #now = 0;
  #aliveAt = 0;
  #proofsAt = 0;
  #forgetAt = 0;
  #serial: Promise<unknown> = Promise.resolve();
  #cancel = () => {};
  #stopListening = () => {};
  #closed = false;

  private constructor(parts: FourHundredParts) {
    this.#parts = parts;
    this.evidence = new EvidenceStore(parts.store);
    this.plans = new Plans(parts.store, parts.rules, parts.holidays);
    this.#hours = new KeptHours(parts.store);
    this.#heard = new Heard(parts);
    this.#proofs = new Proofs(parts.store, (gateway) => this.#listening.campusOf(gateway));
  }

  /** Rejects with a `DatabaseError` where the store cannot be read. The first verdicts come when they are `settled`. */
  static async start(parts: FourHundredParts): Promise<FourHundred> {
    const it = new FourHundred(parts);
    const { store, clock, inventory } = parts;
    const [row] = await store.read<{ value: string }>(
      `SELECT value FROM meta WHERE key = 'four_hundred_alive'`,
    );
    const awaySince = row === undefined ? null : Number(row.value);
    it.#now = Math.max(Math.round(clock.wall()), awaySince ?? 0);
    it.history = await History.open(store, awaySince, it.#now);
    it.#stopListening = inventory.onChange(() => (it.#inventoryChanged = true));
    if (awaySince !== null && awaySince < it.#now)
      await noteAbsence(it.evidence, inventory.current(), awaySince, it.#now);
    // A city takes a while; alarms do not wait for it.
    it.#next();
    return it;
  }

  /** UTC ms: the moment of the verdicts of now. */
  get now(): number {
    return this.#now;
  }

  /** Null: there is no inventory yet. */
  get inventory(): CityInventory | null {
    return this.#inventory;
  }

  get city(): CityLedger {
    return this.#city;
  }

  campus(id: string): CampusLedger | null {
    return this.#city.campus(id);
  }

  verdict(campus: string): Verdict | null {
    const ledger = this.#city.campus(campus);
    return ledger && verdictOf(ledger);
  }

  /** Ids of a county's campuses, or of all. */
  campusesOf(county?: string): string[] {
    const all = this.#inventory?.campuses ?? [];
    return all.filter((campus) => county === undefined || campus.county === county).map(({ id }) => id);
  }

  /**
   * The verdict of any moment as of another (UTC ms, neither later than now), from the store alone: the same two give
   * the same for ever. Null: no such campus.
   */
  async at(campus: string, moment: number, asOf: number): Promise<PastVerdict | null> {
    // What is known by now is committed by then.
    await this.#serial;
    const was = await this.plans.at(campus, moment);
    if (was === null) return null;
    const evidence = await this.evidence.read(campus, moment, asOf);
    const { verdict, parts } = verdictAt({ ...was, evidence, moment, asOf });
    return { verdict, parts, plan: this.plans.planOf(was) };
  }

  /** The cells of all campuses of then: see `KeptHours.at`. */
  async cellsAt(moment: number, asOf: number): Promise<{ at: number; campuses: KeptCells[] }> {
    await this.#serial;
    return this.#hours.at(moment, asOf, this.#inventory?.campuses ?? [], (id, at) => this.at(id, at, asOf));
  }

  /** A state message that liveness has taken in. */
  onState(campus: string, gateway: string, message: StateLaneMessage, receivedAt: number): void {
    if (this.#listening.campusOf(gateway) !== campus) return;
    const wanted = this.#listening.wanted(campus);
    for (const one of this.#heard.contacts({ campus, gateway, wanted }, message, receivedAt)) this.#wait(one);
  }

  /** A batch before it is acknowledged: rejects when its evidence could not be committed, and then it comes again. */
  async onTelemetry(campus: string, gateway: string, message: TelemetryMessage): Promise<void> {
    const inventory = this.#city.campus(campus)?.plan.campus;
    if (inventory === undefined || this.#listening.campusOf(gateway) !== campus) return;
    const wanted = this.#listening.wanted(campus);
    const drafts = this.#heard.batch({ campus, gateway, wanted }, message, inventory);
    if (drafts.length === 0) return;
    try {
      await this.#inTurn(() => this.#commit(drafts, []));
    } catch (error) {
      this.#heard.again();
      throw error;
    }
  }

  /**
   * What a person declares or records: maintenance, an explanation, a drill. Resolves with the committed evidence; null:
   * no such campus. Rejects with a `DatabaseError`.
   */
  async declare(campus: string, source: string, piece: Draft['piece']): Promise<Evidence | null> {
    if (this.#city.campus(campus) === null) return null;
    return this.#inTurn(async () => {
      const [one] = await this.#commit([{ campus, source, piece }], []);
      return one?.piece ?? null;
    });
  }

  /** Resolves when all that is known now is committed and judged. */
  async settled(): Promise<void> {
    await this.#inTurn(() => this.#turn());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#stopListening();
    await this.#serial;
  }

  #wait(one: Draft): void {
    this.#waiting.push(one);
    if (this.#waiting.length <= waitingLimit) return;
    this.#waiting.shift();
    this.#parts.log.error('evidence is dropped: the store does not write it', { campus: one.campus });
  }

  #again(): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(turnMs, () => this.#next());
  }

  #next(): void {
    this.#inTurn(() => this.#turn())
      .catch((error: unknown) => {
        if (!this.#closed) this.#parts.log.error('the four hundred could not be kept up', { error });
      })
      .finally(() => this.#again());
  }

  /** One after the other: what is known earlier is committed earlier. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#serial.then(work);
    this.#serial = done.catch(() => {});
    return done;
  }

  async #turn(): Promise<void> {
    if (this.#closed) return;
    await this.#followInventory();
    if (this.#inventory === null) return;
    const now = this.#tick();
    const words = this.#parts.liveness.gateways().flatMap((gateway) => {
      const campus = this.#listening.campusOf(gateway.id);
      return campus === null ? [] : this.#words.of(campus, gateway, this.#listening.wanted(campus), now);
    });
    const proofs =
      now >= this.#proofsAt || now < this.#proofsAt - proofsEveryMs ? await this.#proofs.read(now) : [];
    const waiting = this.#waiting;
    const hour = this.#hours.statements();
    await this.#commit([...waiting, ...proofs], words, [...this.#housekeeping(now), ...hour.statements]);
    hour.wrote();
    this.#waiting = this.#waiting.slice(waiting.length);
    if (proofs.length > 0 || now >= this.#proofsAt) {
      this.#proofs.told(proofs);
      this.#proofsAt = now + proofsEveryMs;
    }
    this.#city.advance(this.#tick());
    await this.#writeHistory();
    await this.history.sumUp(this.#now);
  }

  /** The wall clock may go back; what is known never does. */
  #tick(): number {
    const now = Math.max(this.#now, Math.round(this.#parts.clock.wall()));
    if (this.#inventory !== null) this.#hours.pass(this.#city, this.#now, now);
    return (this.#now = now);
  }

  #housekeeping(now: number): Statement[] {
    const statements: Statement[] = [];
    if (now >= this.#aliveAt) {
      this.#aliveAt = now + aliveEveryMs;
      statements.push(alive(now));
    }
    if (now >= this.#forgetAt) {
      this.#forgetAt = now + forgetEveryMs;
      statements.push(...EvidenceStore.forget(now));
    }
    return statements;
  }

  async #commit(drafts: readonly Draft[], words: readonly Word[], more: readonly Statement[] = []) {
    if (drafts.length + words.length + more.length === 0) return [];
    const committed = await this.evidence.commit(drafts, words, this.#tick(), more);
    this.#words.told(words);
    for (const { campus, piece } of committed) this.#city.apply(campus, piece);
    return committed;
  }

  async #writeHistory(): Promise<void> {
    const moved = this.campusesOf().filter((id) => this.#changes.get(id) !== this.#city.campus(id)!.changes);
    if (moved.length === 0) return;
    const all = moved.map((campus) => {
      const ledger = this.#city.campus(campus)!;
      return { campus, cells: ledger.cells(), changes: ledger.changes };
    });
    await this.#parts.store.commit(
      all.flatMap(({ campus, cells }) => this.history.changes(campus, cells, this.#now)),
      moved.map((subject) => ({ type: 'verdict', subject })),
    );
    for (const { campus, cells, changes } of all) {
      this.history.wrote(campus, cells);
      this.#changes.set(campus, changes);
    }
  }

  async #followInventory(): Promise<void> {
    if (!this.#inventoryChanged) return;
    this.#inventoryChanged = false;
    try {
      await this.#takeInventory();
    } catch (error) {
      // What was taken of it stands; the rest is taken in the next turn.
      this.#inventoryChanged = true;
      throw error;
    }
  }

  /** What of the city is new is planned, and told again what is known of it; all else goes on. */
  async #takeInventory(): Promise<void> {
    const { inventory } = this.#parts;
    const next = inventory.current();
    const campuses = next?.campuses ?? [];
    const now = this.#tick();
    const version = (campus: string) => inventory.version(campus);
    const others = campuses.filter((campus) => {
      const plan = this.#city.campus(campus.id)?.plan;
      return plan?.campus !== campus || plan.version !== version(campus.id);
    });
    await this.plans.hold(others, version, now);
    const kept = new Set(campuses.map(({ id }) => id));
    const gone = this.campusesOf().filter((id) => !kept.has(id));
    for (const id of gone) {
      this.#city.remove(id);
      this.#listening.drop(id);
    }
    // One after the other: alarms go through between them.
    for (const campus of others)
      if (!this.#closed) await this.#plan(this.plans.plan(campus, version(campus.id)), now);
    this.#inventory = next;
  }

  async #plan(plan: CampusPlan, now: number): Promise<void> {
    const devices = plan.devices.map(({ ref }) => ref);
    const known = await this.evidence.readLatest(plan.campus.id, devices, now);
    // Known now, whenever it came: a ledger does not go back.
    this.#city.replace(
      plan,
      now,
      known.toSorted((a, b) => a.at - b.at || a.id - b.id),
    );
    this.#changes.delete(plan.campus.id);
    if (this.#listening.take(plan)) this.#proofs.again();
    for (const { id } of plan.campus.gateways) this.#words.again(id);
  }
}
