import type { Clock, Log } from '#platform/ports.ts';
import type { AlarmLaneMessage, AlarmMessage, AlarmReport } from '#protocols/messages/alarm.ts';
import { parseTopic } from '#protocols/messages/topics.ts';
import { nameText } from '#protocols/signal.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Drills } from '../drills/drills.ts';
import { loadOwed } from '../dispatch/owed.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store/store.ts';
import { admission } from './admission.ts';
import type { Answers } from './answers.ts';
import type { Arrival } from './arrival.ts';
import { identityConflict, unreadable } from './ingest-alerts.ts';
import { type Quarantine, sha256Of } from './quarantine.ts';
import { readAlarmLane } from './reading.ts';
import type { Reports } from './reports.ts';

export interface AlarmIngestParts {
  clock: Clock;
  log: Log;
  store: Store;
  alerts: Alerts;
  dispatcher: Dispatcher;
  drills: Pick<Drills, 'judged'>;
  reports: Reports;
  answers: Answers;
  quarantine: Quarantine;
  centres: readonly string[];
  /** The one of them that *delivered* means; probes go to it alone. */
  primary: string;
  names: Names;
  /** A session has spoken: proof of life. */
  onSession(campus: string, gateway: string, session: string): void;
  /** Called when `waiting` may have changed. */
  onWaiting(): void;
}

/** A gateway whose messages have been readable for so long is taken to be mended. */
const readableAgainMs = 600_000;

interface Waiting {
  campus: string;
  message: AlarmLaneMessage;
  arrival: Arrival;
}

/**
 * The alarm lane: reads, makes durable, hands to the dispatcher, answers. Messages of one gateway are taken in
 * their order, those of different gateways side by side. No alarm is ever dropped: what waits is bounded by the
 * number of different alarms, since a newer copy takes the place of one that still waits.
 */
export class AlarmIngest {
  readonly #parts: AlarmIngestParts;
  readonly #lanes = new Map<string, Map<string, Waiting>>();
  /** Monotonic time of the last message that was refused, of gateways whose alert is open. */
  readonly #refusedAt = new Map<string, number>();
  #waiting = 0;
  #closed = false;

  constructor(parts: AlarmIngestParts) {
    this.#parts = parts;
  }

  /** Takes one message as it came. Returns at once and never throws. */
  onMessage(topic: string, payload: Uint8Array): void {
    if (this.#closed) return;
    const { clock, onSession } = this.#parts;
    const arrival = { wall: clock.wall(), monotonic: clock.monotonic() };
    const reading = readAlarmLane(topic, payload);
    if (!reading.ok) {
      void this.#refuse(topic, payload, reading.reason, arrival);
      return;
    }
    const { at, message } = reading;
    this.#readable(at.gateway, arrival.monotonic);
    onSession(at.campus, at.gateway, message.session);

    const lane = this.#lanes.get(topic);
    const key = `${message.kind} ${nameText(message.name)} ${message.digest}`;
    const waiting = { campus: at.campus, message, arrival };
    if (!lane?.has(key)) this.#waiting += 1;
    if (lane !== undefined) {
      lane.set(key, waiting);
      return;
    }
    const own = new Map([[key, waiting]]);
    this.#lanes.set(topic, own);
    this.#parts.onWaiting();
    void this.#work(topic, own);
  }

  /** Messages that wait for the disk. */
  get waiting(): number {
    return this.#waiting;
  }

  close(): void {
    this.#closed = true;
    this.#lanes.clear();
  }

  async #work(topic: string, lane: Map<string, Waiting>): Promise<void> {
    for (;;) {
      const next = lane.entries().next();
      if (next.done || this.#closed) break;
      const [key, waiting] = next.value;
      lane.delete(key);
      this.#waiting -= 1;
      try {
        if (waiting.message.kind === 'alarm') await this.#alarm(waiting.message, waiting);
        else await this.#report(waiting.message, waiting);
      } catch (error) {
        // No answer: the edge asks again, and delivers by itself after a second.
        if (!this.#closed)
          this.#parts.log.error('a message of the alarm lane was not committed', { key, error });
      }
    }
    if (this.#lanes.get(topic) === lane) this.#lanes.delete(topic);
    this.#parts.onWaiting();
  }

  async #alarm(alarm: AlarmMessage, { campus, arrival }: Waiting): Promise<void> {
    const { clock, store, alerts, dispatcher, drills, reports, answers, log } = this.#parts;
    const { name, digest } = alarm;
    const text = nameText(name);
    const facts = drills.judged(campus, name.gateway, alarm.facts);
    const centres = facts.mode === 'probe' ? [this.#parts.primary] : this.#parts.centres;
    const entry = admission(alarm, facts, campus, centres, arrival);
    const admitted = entry.outcome(await store.commit(entry.statements, entry.changes));
    // After a crash (of this incarnation) only the next one may act.
    if (this.#closed) return;
    const { held } = admitted;

    if (admitted.as === 'new') {
      dispatcher.take(
        {
          id: held.root,
          incident: held.incident,
          gateway: name.gateway,
          campus,
          device: facts.device,
          epoch: name.epoch,
          n: name.n,
          door: entry.forDoors(),
          centres,
          route: facts.route ?? null,
          committedAt: clock.wall(),
          logged: { raised: false, dispatched: false },
        },
        reports.hasEarly(text, digest),
      );
      log.info('alarm', { alarm: text, device: facts.device, mode: facts.mode, type: facts.type });
    } else if (!dispatcher.pursues(held.root)) {
      // Perhaps committed, and yet nobody brings it (to some centre): the answer of that commit was lost on the way
      // from the disk.
      for (const owed of await loadOwed(store, clock, held.root)) dispatcher.take(owed);
    }
    if (admitted.as !== 'known' && admitted.nameTaken)
      void alerts.raise(
        identityConflict({ campus, gateway: name.gateway, device: facts.device }, this.#parts.names),
      );

    const asked = { campus, receivedAt: arrival.wall, sentAt: alarm.sent_at };
    if (!reports.hasEarly(text, digest)) return answers.answer(held, asked);
    try {
      const taken = await reports.takeEarly(text, digest);
      answers.answer(taken?.held ?? held, asked);
      answers.tell(taken?.told ?? []);
    } finally {
      dispatcher.release(held.root);
    }
  }

  async #report(report: AlarmReport, { campus, arrival }: Waiting): Promise<void> {
    const { reports, answers } = this.#parts;
    const asked = { campus, receivedAt: arrival.wall, sentAt: report.sent_at };
    const taken = await reports.take(report);
    if (this.#closed) return;
    if (taken === null) {
      const { name, digest, direct, lamp, revision: reported } = report;
      // Kept for the alarm's next copy. *Stored* would be believed, and the press host-acked; while 110 does not
      // have it either, it is durable nowhere.
      if (direct.length === 0 && lamp !== 'delivered') return;
      // The edge need not send it again; but nothing is *delivered* that is not here.
      answers.answer(
        {
          root: 0,
          name,
          digest,
          campus,
          incident: null,
          delivered: false,
          ended: false,
          reported,
          logHead: null,
          centres: [],
        },
        asked,
      );
      return;
    }
    answers.answer(taken.held, asked);
    answers.tell(taken.told);
  }

  /** Ends the alert over a gateway that has long spoken clearly again; not at once, or mixed speech would flap. */
  #readable(gateway: string, now: number): void {
    const { alerts } = this.#parts;
    if (!alerts.isOpen('alarm-unreadable', gateway)) return;
    const refusedAt = this.#refusedAt.get(gateway);
    if (refusedAt === undefined) this.#refusedAt.set(gateway, now);
    else if (now - refusedAt >= readableAgainMs) {
      this.#refusedAt.delete(gateway);
      void alerts.clear('alarm-unreadable', gateway);
    }
  }

  async #refuse(topic: string, payload: Uint8Array, reason: string, arrival: Arrival): Promise<void> {
    const { clock, store, alerts, answers, quarantine } = this.#parts;
    const gateway = (parseTopic(topic)?.gateway ?? topic).slice(0, 64);
    if (alerts.isOpen('alarm-unreadable', gateway)) this.#refusedAt.set(gateway, arrival.monotonic);
    await quarantine.keep(topic, payload, reason);
    if (this.#closed) return;
    void alerts.raise(unreadable(topic, gateway, reason, this.#parts.names));
    // The same shape in every version, and on the topic of the version that was spoken.
    answers.publish(topic.replace(/alarm$/, 'receipt'), {
      kind: 'refused',
      cloud_epoch: store.epoch,
      received_at: Math.round(arrival.wall),
      sent_at: Math.round(clock.wall()),
      sha256: sha256Of(payload),
      reason,
    });
  }
}
