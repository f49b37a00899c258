/** What is promised, and checked in the simulated world; each by the name under which it is found broken. */
export const promises = {
  early: 'a host-ack means that the press is durable somewhere',
  lost: 'every press that was taken reaches every centre',
  doubled: 'one press is one incident at 110',
  unexplained: 'every frame at 110 is of a press',
  disguised: 'a test never looks real at 110, and a real press never looks like anything else',
  believed: 'the cloud takes a press for a drill only when it knows of that drill',
  miscounted: 'a sum counts each press that it stands for',
  flattered: 'a probe is proved through to 110 only when 110 has it',
  mixed: 'a test joins no incident, and every real press is in one',
  lies: 'a lamp says delivered only when 110 has acknowledged',
  dark: 'every lamp says delivered in the end',
  trimmed: 'an alarm leaves the outbox only when 110 has acknowledged it',
  stuck: 'every alarm leaves the outbox in the end',
  untold: 'people are told of an alarm without a receipt',
  stale: 'the alert over an alarm ends with its receipt',
  unanswered: 'the cloud answers every copy of an alarm',
  flood: 'what is sent again is sent with back-off',
  repeated: 'a press that no fault touched comes to 110 once',
  unreported: 'the cloud learns of every receipt that the edge got by itself',
  vanished: 'every measured batch is stored, noted as missing, or still held',
  pushy: 'no batch of measured values is sent while an alarm is under way',
  refused: 'no alarm is refused',
  rewritten: 'the log of an incident is whole',
  broken: 'the programs run',
} as const;
export type Promised = keyof typeof promises;

/** What a day did wrong, by promise. */
export type Wrongs = Partial<Record<Promised, string[]>>;

/** Thrown to end a day at the first wrong. */
export class DayEnds extends Error {
  override readonly name = 'DayEnds';
}

export class Findings {
  readonly wrongs: Wrongs = {};
  readonly #stopAtFirst: boolean;

  constructor(stopAtFirst: boolean) {
    this.#stopAtFirst = stopAtFirst;
  }

  get any(): boolean {
    return Object.keys(this.wrongs).length > 0;
  }

  add(promise: Promised, what: string): void {
    const list = (this.wrongs[promise] ??= []);
    if (!list.includes(what)) list.push(what);
  }

  /** Called after each event: a world that has gone wrong need not go on. */
  stopIfAny(): void {
    if (this.#stopAtFirst && this.any) throw new DayEnds();
  }
}
