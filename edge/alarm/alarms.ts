import type { AlarmReceipt, ReceiptLaneMessage, RefusedReceipt } from '#protocols/messages/receipt.ts';
import { nameText, originText, type LampState } from '#protocols/signal.ts';
import type { RaisedEvent } from '../driver.ts';
import { type Kept, type Rise } from '../outbox/outbox.ts';
import { type AlarmRecord, newRecord } from '../outbox/record.ts';
import { type Alarm, type AlarmPath, newAlarm, reached, resumedAlarm } from './alarm.ts';
import { CloudEpoch } from './cloud-epoch.ts';
import { factsOf, type Happening, modeOf } from './identity.ts';
import * as life from './life.ts';
import { Levels } from './levels.ts';
import { pendingTurns } from './pending.ts';
import { save } from './save.ts';
import { type Member, Summing, type WindowSummed } from './summing.ts';
import { giveWord } from './word.ts';

/** Presses that have left the outbox and are still known without asking the disk. */
const recentLimit = 4096;
/** Of a sum, so many of its latest presses show on their lamps how it goes. */
const sumLamps = 16;

/** For so long after a press the rest of the edge makes way for it, ms; for ever it could not. */
const makeWayMs = 10_000;

export interface AlarmSurroundings extends Omit<
  AlarmPath,
  'turns' | 'isUpFrom' | 'onLeft' | 'onKnown' | 'closed' | 'cloudEpoch'
> {
  /** Plain presses of one point beyond so many a minute are summed; levels that rise more often are held. */
  readonly abovePerMinute: number;
  /** Whether a plain press of this device, at this monotonic time, is within a declared drill. */
  inDrill(device: string, pressedAt: number): boolean;
}

export interface AlarmPoint {
  account: string;
  zone: number;
}

/** All alarms that have not left the outbox, by name and by origin. No alarm waits for another. */
export class Alarms {
  readonly #path: AlarmPath;
  readonly #pointOf: (device: string) => AlarmPoint;
  readonly #live = new Map<string, Alarm>();
  readonly #byOrigin = new Map<string, Alarm>();
  #recent: string[] = [];
  readonly #cloudEpoch: CloudEpoch;
  readonly #levels: Levels;
  readonly #summing: Summing;
  readonly #inDrill: AlarmSurroundings['inDrill'];
  readonly #startedAt: number;

  constructor(
    { abovePerMinute, inDrill, ...path }: AlarmSurroundings,
    pointOf: (device: string) => AlarmPoint,
  ) {
    this.#path = {
      ...path,
      turns: pendingTurns(path.clock),
      closed: false,
      cloudEpoch: null,
      isUpFrom: (rise) => this.#levels.isUpFrom(rise),
      onLeft: (alarm) => this.#leave(alarm),
      onKnown: (alarm, record) => this.#known(alarm, record),
    };
    this.#pointOf = pointOf;
    this.#cloudEpoch = new CloudEpoch(this.#path, this.#live);
    this.#levels = new Levels(this.#path, abovePerMinute);
    this.#summing = new Summing(this.#path, abovePerMinute, (summed) => this.#raiseSum(summed));
    this.#inDrill = inDrill;
    this.#startedAt = path.clock.monotonic();
  }

  get pending(): number {
    return this.#live.size;
  }

  /**
   * Whether one was pressed a moment ago and is not delivered yet: everything else makes way. How old one of an earlier
   * life is says only a wall clock, which may have jumped: each is as young as this life.
   */
  get onTheirWay(): boolean {
    const now = this.#path.clock.monotonic();
    for (const { record, pressedAt } of this.#live.values()) {
      if (!record.delivered && now - Math.max(pressedAt, this.#startedAt) < makeWayMs) return true;
    }
    return false;
  }

  /** Names of the alarms that have not left, with what is known of them. */
  status(): { name: string; delivered: boolean; lamp: LampState }[] {
    return [...this.#live.values()].map(({ text, record }) => ({
      name: text,
      delivered: record.delivered,
      lamp: record.lamp,
    }));
  }

  /** Takes over what an earlier life left in the outbox. */
  resume(kept: Kept): void {
    this.#levels.resume(kept.rises);
    // A file that was lost and opened again, or begun anew: what it missed, and what it tells again.
    for (const alarm of this.#live.values()) save(this.#path, alarm);
    const unknown = kept.alarms.filter(({ name }) => !this.#live.has(nameText(name)));
    for (const record of unknown) {
      const alarm = resumedAlarm(record, this.#path);
      this.#live.set(alarm.text, alarm);
      const key = originKey(record);
      if (key === null) continue;
      const again = this.#byOrigin.get(key);
      this.#byOrigin.set(key, alarm);
      if (again) this.#join(alarm, again);
    }
    this.#summing.resume(kept.summed, (name) => this.#live.has(nameText(name)));
    for (const { name } of unknown) life.resume(this.#path, this.#live.get(nameText(name))!);
  }

  /**
   * One copy of a press. Every copy of it resolves with its lamp state once it is durable somewhere, whenever
   * and in whatever number they come.
   */
  async event(raised: RaisedEvent): Promise<LampState> {
    const alarm = this.#alarmOf(raised);
    await alarm.durable.promise;
    // Whoever stands beside a hand under duress must see nothing.
    if (raised.type === 'duress') return 'received';
    return 'record' in alarm ? alarm.record.lamp : alarm.lamp();
  }

  /** The alarm, or the press of a sum, that this is a copy of; a new one where it is none. */
  #alarmOf(raised: RaisedEvent): Alarm | Member {
    const { device, type, origin } = raised;
    const key = origin === null ? null : `${device} ${originText(origin)}`;
    const known = key === null ? undefined : this.#byOrigin.get(key);
    if (known) return known;
    const member = origin === null ? undefined : this.#summing.find(device, origin);
    if (member) return member;
    const pressedAt = raised.firstByteAt - raised.ageMs;
    // Of a press of before a power cut nobody knows when it was: in doubt it is real.
    const mode = modeOf(type, () => !raised.ageIsLowerBound && this.#inDrill(device, pressedAt));
    if (type === 'press' && origin !== null && this.#summing.isOver({ device, mode, pressedAt })) {
      return this.#summing.take({ ...raised, ...this.#instantOf(pressedAt), origin, mode, pressedAt });
    }
    const alarm = this.#raise({ ...raised, mode }, raised, null);
    if (key !== null) this.#byOrigin.set(key, alarm);
    life.begin(this.#path, alarm);
    return alarm;
  }

  /** What a level is now: its rise is an alarm, unless the outbox says that this rise was made one already. */
  async level(rise: Rise, up: boolean, readAt: number): Promise<void> {
    if (!this.#levels.isRise(rise, up)) return up ? this.#riseIsDurable(rise) : undefined;
    const { device, type } = rise;
    const happening = { device, type, mode: 'real' as const, origin: null, silent: false };
    const alarm = this.#raise(happening, { ageMs: 0, firstByteAt: readAt, decodedAt: readAt }, rise);
    life.begin(this.#path, alarm);
    return alarm.durable.promise;
  }

  /** A copy of a level waits for the alarm that its rise has made. */
  async #riseIsDurable({ device, type }: Rise): Promise<void> {
    for (const { rise, durable } of this.#live.values()) {
      if (rise?.device === device && rise.type === type) await durable.promise;
    }
  }

  /** A probe from a button that has passed its self-test. Returns its name. */
  probe(device: string, route: 'cloud' | 'direct', proof: 'door' | undefined): string {
    const now = this.#path.clock.monotonic();
    const happening = { device, type: 'probe', mode: 'probe', origin: null, silent: true, route } as const;
    const alarm = this.#raise(happening, { ageMs: 0, firstByteAt: now, decodedAt: now }, null);
    if (proof) Object.assign(alarm.record, { proof, revision: 1 });
    life.begin(this.#path, alarm);
    return alarm.text;
  }

  #raiseSum(summed: WindowSummed): Alarm {
    const { device, mode, silent, origins } = summed;
    const sum = { count: origins.length, first: origins[0]!, last: origins.at(-1)! };
    const facts = factsOf({ ...summed, type: 'sum', origin: null, sum, silent, mode }, this.#pointOf(device));
    const record = {
      ...newRecord(summed.name, facts, summed.ageMs),
      presses: origins.slice(-sumLamps),
    };
    const alarm = newAlarm(record, summed.firstByteAt, summed.pressedAt, null);
    this.#add(alarm);
    life.begin(this.#path, alarm);
    return alarm;
  }

  #raise(
    what: Omit<Happening, 'occurredAt' | 'clockKnown'>,
    when: { ageMs: number; firstByteAt: number; decodedAt: number },
    rise: Rise | null,
  ): Alarm {
    const pressedAt = when.firstByteAt - when.ageMs;
    const facts = factsOf({ ...what, ...this.#instantOf(pressedAt) }, this.#pointOf(what.device));
    const record = newRecord(this.#path.outbox.takeName(), facts, when.ageMs);
    const alarm = newAlarm(record, when.firstByteAt, pressedAt, rise);
    reached(alarm, 'decoded', when.decodedAt);
    this.#add(alarm);
    return alarm;
  }

  #instantOf(pressedAt: number): Pick<Happening, 'occurredAt' | 'clockKnown'> {
    const { cloudClock } = this.#path;
    return { occurredAt: cloudClock.at(pressedAt), clockKnown: cloudClock.known };
  }

  #add(alarm: Alarm): void {
    const { device, type, mode } = alarm.record.facts;
    this.#live.set(alarm.text, alarm);
    this.#path.log.info('alarm raised', { alarm: alarm.text, device, type, mode });
  }

  linkUp(): void {
    for (const alarm of this.#live.values()) life.tell(this.#path, alarm);
  }

  linkDown(): void {
    for (const alarm of this.#live.values()) life.goDirect(this.#path, alarm);
  }

  /** The lamps of these devices can be commanded (again). */
  lampsUp(devices: ReadonlySet<string>): void {
    for (const alarm of this.#live.values()) {
      if (devices.has(alarm.record.facts.device)) life.show(this.#path, alarm);
    }
  }

  /** Lets go of what a silent button or a gone lamp still holds. Called now and then. */
  sweep(): void {
    for (const alarm of this.#live.values()) life.leaveIfDone(this.#path, alarm);
  }

  receipt(message: ReceiptLaneMessage): void {
    this.#cloudEpoch.answeredBy(message.cloud_epoch);
    if (message.kind === 'alarm-receipt') this.#alarmReceipt(message);
    else if (message.kind === 'refused') this.#refused(message);
    else if (message.kind === 'word')
      for (const name of message.names) void giveWord(this.#path, name, this.#live.get(nameText(name)));
  }

  #alarmReceipt(receipt: AlarmReceipt): void {
    const { cloudClock, log } = this.#path;
    const { echo_sent_at } = receipt;
    if (echo_sent_at !== null) cloudClock.learn({ ...receipt, echo_sent_at });
    const alarm = this.#live.get(nameText(receipt.name));
    if (!alarm) return;
    const { record } = alarm;
    if (receipt.digest !== record.digest) {
      log.warn('a receipt with another digest is ignored', { alarm: alarm.text, digest: receipt.digest });
      return;
    }
    this.#path.turns.cloud.answered(alarm);
    const before = record.cloud?.epoch === receipt.cloud_epoch ? record.cloud : null;
    record.cloud = {
      epoch: receipt.cloud_epoch,
      state:
        before?.state === 'delivered' ? 'delivered' : receipt.state === 'ended' ? 'stored' : receipt.state,
      reported: Math.max(before?.reported ?? 0, receipt.reported),
    };
    record.refused_in = null;
    if (receipt.state === 'delivered') {
      record.centres = receipt.centres;
      record.log_head = receipt.log_head ?? record.log_head;
      life.delivered(this.#path, alarm);
    } else if (receipt.state === 'ended') life.ended(this.#path, alarm);
    else if (before === null) life.storedByCloud(this.#path, alarm);
    life.leaveIfDone(this.#path, alarm);
  }

  #refused(receipt: RefusedReceipt): void {
    for (const alarm of this.#live.values()) {
      const what = alarm.sent.get(receipt.sha256);
      if (!what) continue;
      this.#path.turns.cloud.answered(alarm);
      return life.refused(this.#path, alarm, what, receipt.cloud_epoch);
    }
    this.#path.log.warn('the cloud refused what is not ours or has left', { sha256: receipt.sha256 });
  }

  #leave(alarm: Alarm): void {
    this.#live.delete(alarm.text);
    const key = originKey(alarm.record);
    if (key === null) return;
    this.#recent.push(key);
    if (this.#recent.length <= recentLimit) return;
    const oldest = this.#recent.shift()!;
    if (this.#byOrigin.get(oldest)?.left) this.#byOrigin.delete(oldest);
  }

  /**
   * The press came again before the file could be opened, and was given another name. Its receipts are receipts
   * of the press: 110 must not get it under both names.
   */
  #join(kept: Alarm, again: Alarm): void {
    const { record } = kept;
    if (again.record.delivered && !record.delivered) {
      record.delivered = true;
      record.direct.push(...again.record.direct);
      record.centres = again.record.centres;
      record.lamp = 'delivered';
      record.revision++;
      save(this.#path, kept);
    }
    this.#known(again, record);
  }

  /** The disk knows this press by an earlier name: that one is the alarm, this one never was. */
  #known(alarm: Alarm, record: AlarmRecord): void {
    this.#path.log.info('a press that is known already', { alarm: alarm.text, known: nameText(record.name) });
    if (!alarm.left) life.end(this.#path, alarm);
    alarm.record.lamp = record.lamp;
    alarm.durable.resolve();
  }

  close(): void {
    this.#path.closed = true;
    for (const turns of Object.values(this.#path.turns)) turns.close();
    for (const alarm of this.#live.values()) for (const stop of Object.values(alarm.stop)) stop();
  }
}

function originKey({ facts }: AlarmRecord): string | null {
  return facts.origin === null ? null : `${facts.device} ${originText(facts.origin)}`;
}
