import { Buffer } from 'node:buffer';
import { backoff } from '#platform/backoff.ts';
import type { Door, DoorResult, DoorSignal } from '#platform/doors/door.ts';
import type { Clock, Log, Randomness, Statement } from '#platform/ports.ts';
import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Incidents, Step } from '../incidents/incidents.ts';
import { type Held, heldByPress, heldOf } from '../ingest/held.ts';
import type { Names } from '../names.ts';
import type { Places } from '../places.ts';
import type { Change, Store } from '../store/store.ts';
import {
  deliveredAfterAll,
  type DoorFailure,
  endedBy,
  late,
  refusedByDoor,
  undelivered,
  undeliveredSubject,
} from './alarm-alerts.ts';
import { attempt, broken, forgetOldAttempts } from './attempts.ts';
import type { Centre } from './centres.ts';
import { escalate } from './escalation.ts';
import { type Owed, takes } from './owed.ts';
import { Pauses } from './pauses.ts';
import { CentreTurns } from './pending.ts';
import { type Pursuit, takeHandover, toldOf } from './pursuit.ts';
import { keepReceipt, lateAfterMs, receiptStep } from './receipt.ts';

/** Between two tries of a list of doors, or of a write that the disk refused. */
const pace = { firstMs: 500, maxMs: 15_000 };
/**
 * How long the record of a hand-over waits for the door's answer, to be written with it. A commit of its own would
 * be on its way to the disk just when the receipt comes, and *delivered* would wait behind it.
 */
const answerAwaitedMs = 100;

export interface DispatcherParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  alerts: Alerts;
  incidents: Incidents;
  centres: readonly Centre[];
  names: Names;
  /** Without the primary's receipt for so long after the press, people are told. */
  undeliveredAfterMs: number;
  places: Places;
  /** The alarm with what is only for this centre: its links to the pictures. Never waits, never throws. */
  forCentre(alarm: DoorSignal, at: { gateway: string; device: string }, centre: string): DoorSignal;
  /** The primary has acknowledged, and it is committed: tell these names of the alarm. */
  onDelivered(names: readonly Held[]): void;
}

/**
 * Brings each alarm to every centre once, by the first door that gives a receipt. Centres are served side by side
 * and know nothing of one another. Only a receipt ends a pursuit.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #pursuits = new Map<number, Pursuit>();
  readonly #pauses: Pauses;
  readonly #turns: CentreTurns;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#pauses = new Pauses(parts.clock);
    this.#turns = new CentreTurns(parts.clock, parts.centres);
  }

  /**
   * Takes a committed alarm. With `hold` nothing is sent until `release`: the edge may know of a receipt.
   * An alarm that is already pursued is left as it is.
   */
  take(owed: Owed, hold = false): void {
    if (this.#pauses.closed || this.#pursuits.has(owed.id)) return;
    const place = this.#parts.places.forDoors(owed.campus, owed.gateway, owed.device);
    const pursuit: Pursuit = {
      ...owed,
      door: place === undefined ? owed.door : { ...owed.door, place },
      logged: { ...owed.logged },
      // The primary stays: what it is not sent waits for its end.
      open: new Set(
        this.#parts.centres
          .filter((c) => owed.centres.includes(c.id) && (c.primary || takes(c, owed)))
          .map((c) => c.id),
      ),
      released: false,
      failure: null,
      cancelAlert: () => {},
      handover: null,
    };
    this.#pursuits.set(owed.id, pursuit);
    if (!hold) return this.release(owed.id);
    const steps = this.#raisedStep(pursuit);
    if (steps.length > 0) this.#log(pursuit, steps);
  }

  /** Sends what was held. */
  release(signal: number): void {
    const pursuit = this.#pursuits.get(signal);
    if (pursuit === undefined || pursuit.released) return;
    pursuit.released = true;
    for (const centre of this.#parts.centres) {
      if (!pursuit.open.has(centre.id) || !takes(centre, pursuit)) continue;
      if (centre.primary) this.#watch(pursuit, centre);
      void this.#pursue(pursuit, centre);
    }
    this.#endIfDone(pursuit);
  }

  /** A receipt of this centre came by another path and is committed: nothing more is sent there. */
  settled(signal: number, centre: string): void {
    const pursuit = this.#pursuits.get(signal);
    if (pursuit === undefined) return;
    pursuit.open.delete(centre);
    const known = this.#parts.centres.find((c) => c.id === centre);
    if (known !== undefined) this.#acknowledged(pursuit, known);
    this.#endIfDone(pursuit);
  }

  /** A person has ended its delivery, and it is committed: nothing more is sent anywhere. */
  end(signal: number, by: string): void {
    const pursuit = this.#pursuits.get(signal);
    if (pursuit === undefined) return;
    const { alerts, centres, names } = this.#parts;
    pursuit.open.clear();
    for (const centre of centres) {
      const subject = undeliveredSubject(pursuit.door.name, centre);
      void alerts.clear('alarm-undelivered', subject, endedBy(toldOf(pursuit), by, names));
    }
    this.#endIfDone(pursuit);
  }

  /** Whether some centre is still to be served. */
  pursues(signal: number): boolean {
    return this.#pursuits.has(signal);
  }

  /** Alarms without a receipt of the primary centre, of one gateway or of all. */
  undelivered(gateway?: string): Owed[] {
    const primary = this.#parts.centres.find((c) => c.primary)?.id;
    return [...this.#pursuits.values()].filter(
      (p) => primary !== undefined && p.open.has(primary) && (gateway === undefined || p.gateway === gateway),
    );
  }

  close(): void {
    this.#pauses.close();
    this.#turns.close();
    for (const pursuit of this.#pursuits.values()) {
      pursuit.cancelAlert();
      pursuit.handover?.cancel();
    }
    this.#pursuits.clear();
  }

  async #pursue(pursuit: Pursuit, centre: Centre): Promise<void> {
    const { alerts, random, names } = this.#parts;
    const { next } = backoff(pace, random);
    const signal = this.#parts.forCentre(pursuit.door, pursuit, centre.id);
    for (;;) {
      // A fresh one is at the door before anything else is done.
      const turn = this.#turns.wait(centre, pursuit);
      if (turn !== undefined) await turn;
      let failure: DoorFailure | null = null;
      for (const { door } of centre.doors) {
        if (!this.#wanted(pursuit, centre)) return this.#turns.over(centre, pursuit, false);
        if (!pursuit.logged.dispatched) this.#handedOver(pursuit, centre, door);
        const result = await door.deliver(signal).catch(broken);
        // Too late for this incarnation: the next one asks the edge, and sends the same bytes again.
        if (this.#pauses.closed) return;
        if (result.kind === 'receipt') {
          this.#turns.over(centre, pursuit, false);
          return this.#received(pursuit, centre, door, result);
        }
        failure = result;
        if (centre.primary) pursuit.failure = result;
        this.#failed(pursuit, centre, door, result);
      }
      this.#turns.over(centre, pursuit, true);
      if (!this.#wanted(pursuit, centre)) return;
      void alerts.raise(undelivered(toldOf(pursuit), centre, failure, names));
      await this.#pauses.wait(next());
    }
  }

  #wanted(pursuit: Pursuit, centre: Centre): boolean {
    return !this.#pauses.closed && pursuit.open.has(centre.id);
  }

  /** Noted while the first door is already at work: no alarm waits for its own record. */
  #handedOver(pursuit: Pursuit, centre: Centre, door: Door): void {
    const { clock, incidents } = this.#parts;
    const { id, incident } = pursuit;
    pursuit.logged.dispatched = true;
    const at = clock.wall();
    const detail = { alarm: pursuit.door.name, centre: centre.id, door: door.id };
    pursuit.handover = {
      steps: [...this.#raisedStep(pursuit), { step: 'dispatched', at: Math.round(at), signal: id, detail }],
      statements: [
        {
          sql: `UPDATE signals SET dispatched_at = ?, committed_at = COALESCE(?, committed_at)
                WHERE id = ? AND dispatched_at IS NULL`,
          params: [at, pursuit.committedAt, id],
        },
      ],
      cancel: clock.after(answerAwaitedMs, () => this.writeHandover(id)),
    };
    incidents.readAhead(incident);
  }

  /** Writes now what is not written yet of a hand-over: a step that comes after it is about to be written. */
  writeHandover(signal: number): void {
    const pursuit = this.#pursuits.get(signal);
    if (pursuit === undefined || pursuit.handover === null) return;
    const { steps, statements } = takeHandover(pursuit);
    this.#log(pursuit, steps, statements, [{ type: 'alarm', subject: pursuit.door.name }]);
  }

  async #received(
    pursuit: Pursuit,
    centre: Centre,
    door: Door,
    result: Extract<DoorResult, { kind: 'receipt' }>,
  ): Promise<void> {
    const { clock, alerts, incidents, names, onDelivered } = this.#parts;
    const { id, door: signal } = pursuit;
    const receipt: CentreReceipt = {
      centre: centre.id,
      door: door.id,
      primary: centre.primary,
      path: 'cloud',
      reference: result.reference,
      at: Math.round(result.at),
      raw: Buffer.from(result.raw).toString('hex'),
    };
    const isLate = clock.monotonic() - signal.pressedAtMonotonic > lateAfterMs;
    const handover = takeHandover(pursuit);
    const statements = keepReceipt(id, receipt, { wall: clock.wall(), late: isLate });
    const results = await this.#insist(pursuit, 'a receipt', () =>
      incidents.record(
        pursuit.incident,
        [...handover.steps, receiptStep(id, signal.name, receipt, receipt.at)],
        [
          ...handover.statements,
          ...statements,
          attempt(id, centre.id, door.id, { at: receipt.at, outcome: 'receipt', reason: result.reference }),
          // In the same commit, so that the gateway hears of it one trip to the disk sooner.
          heldByPress(id),
        ],
        [{ type: 'alarm', subject: signal.name }],
      ),
    );
    if (results === null) return;
    pursuit.open.delete(centre.id);
    void alerts.clear('centre-refused', `${centre.id}/${door.id}`);
    this.#acknowledged(pursuit, centre);
    if (centre.primary) {
      if (isLate) void alerts.raise(late(toldOf(pursuit), names));
      onDelivered(heldOf(results.at(-1)!.rows));
    }
    this.#endIfDone(pursuit);
  }

  #failed(pursuit: Pursuit, centre: Centre, door: Door, { fault, reason }: DoorFailure): void {
    const { clock, log, store, alerts } = this.#parts;
    log.warn('a door gave no receipt', {
      alarm: pursuit.door.name,
      centre: centre.id,
      door: door.id,
      fault,
      reason,
    });
    if (fault === 'refused') void alerts.raise(refusedByDoor(centre, door.id, reason));
    store
      .commit([
        attempt(pursuit.id, centre.id, door.id, { at: Math.round(clock.wall()), outcome: fault, reason }),
        forgetOldAttempts(pursuit.id),
      ])
      .catch((error: unknown) => log.error('an attempt could not be written', { error }));
  }

  #watch(pursuit: Pursuit, centre: Centre): void {
    const { clock, alerts, names, undeliveredAfterMs } = this.#parts;
    const { pressedAtMonotonic } = pursuit.door;
    const alert = (ageMs: number | null) =>
      undelivered(toldOf(pursuit), centre, pursuit.failure, names, ageMs);
    pursuit.cancelAlert = escalate({ clock, alerts }, { pressedAtMonotonic, undeliveredAfterMs, alert });
  }

  #acknowledged(pursuit: Pursuit, centre: Centre): void {
    const { clock, alerts, names } = this.#parts;
    if (centre.primary) pursuit.cancelAlert();
    const subject = undeliveredSubject(pursuit.door.name, centre);
    const age = clock.monotonic() - pursuit.door.pressedAtMonotonic;
    void alerts.clear('alarm-undelivered', subject, deliveredAfterAll(toldOf(pursuit), centre, age, names));
  }

  #endIfDone(pursuit: Pursuit): void {
    if (this.#parts.centres.some((c) => pursuit.open.has(c.id))) return;
    pursuit.cancelAlert();
    this.writeHandover(pursuit.id);
    this.#pursuits.delete(pursuit.id);
  }

  /** The first step of its log, unless that is there already. */
  #raisedStep({ id, door, logged }: Pursuit): Step[] {
    if (logged.raised) return [];
    logged.raised = true;
    const { name: alarm, mode, zone, code, occurredAt: occurred_at } = door;
    const at = Math.round(this.#parts.clock.wall());
    return [{ step: 'raised', at, signal: id, detail: { alarm, mode, zone, code, occurred_at } }];
  }

  #log(
    pursuit: Pursuit,
    steps: readonly Step[],
    statements: readonly Statement[] = [],
    changes: readonly Change[] = [],
  ): void {
    if (pursuit.incident === null && statements.length === 0) return;
    void this.#insist(pursuit, 'a step', () =>
      this.#parts.incidents.record(pursuit.incident, steps, statements, changes),
    );
  }

  /** Writes until the disk takes it: what has happened has happened. Null when closed before that. */
  async #insist<T>(pursuit: Pursuit, what: string, write: () => Promise<T>): Promise<T | null> {
    const { next } = backoff(pace, this.#parts.random);
    while (!this.#pauses.closed) {
      try {
        return await write();
      } catch (error) {
        if (this.#pauses.closed) break;
        this.#parts.log.error(`${what} could not be written, and is tried again`, {
          alarm: pursuit.door.name,
          error,
        });
        await this.#pauses.wait(next());
      }
    }
    return null;
  }
}
