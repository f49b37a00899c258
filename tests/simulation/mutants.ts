import { Hand } from './crew.ts';
import type { Extra } from './plan.ts';
import type { Promised } from './promises.ts';
import type { TroubleName } from './troubles.ts';
import type { Mutation } from './worker.ts';

/** A mistake in the alarm path that the simulation must find: a simulation that finds nothing proves nothing. */
export interface Mutant extends Mutation {
  mistake: string;
  /** What it may be found by: the promises that it breaks. */
  breaks: readonly Promised[];
  /** What is let go wrong, so that few days will do. */
  wrong: readonly TroubleName[];
  /** What must be on those days for it to matter. */
  extras?: readonly Extra[];
  /** Few, where what is wrong must meet the very one that is pressed. */
  buttons?: number;
}

const daysTried = 30;
const pressesInDay = 60;

/** The first day that is not clean with this mistake in the code; null: all are. */
export async function caughtBy(mutant: Mutant): Promise<{ seed: number; promise: Promised } | null> {
  const { mistake: _, breaks: __, wrong, extras, buttons, ...mutation } = mutant;
  const hand = new Hand(mutation);
  try {
    for (let seed = 1; seed <= daysTried; seed++) {
      const options = {
        seed,
        presses: pressesInDay,
        wrong,
        ...(extras && { extras }),
        ...(buttons && { buttons }),
      };
      const { wrongs } = await hand.live(options, { stopAtFirst: true, tracing: false });
      const [promise] = Object.keys(wrongs) as Promised[];
      if (promise !== undefined) return { seed, promise };
    }
    return null;
  } finally {
    await hand.close();
  }
}

export const mutants: readonly Mutant[] = [
  {
    mistake: 'the edge host-acks before the press is durable anywhere',
    breaks: ['early'],
    file: 'edge/alarm/alarms.ts',
    from: 'await alarm.durable.promise;',
    to: '',
    wrong: ['the edge crashes', 'a failing disk', 'packets vanish'],
  },
  {
    mistake: 'the edge believes a receipt whose digest is of another signal',
    breaks: ['lies', 'trimmed', 'lost'],
    file: 'edge/alarm/alarms.ts',
    from: 'if (receipt.digest !== record.digest) {',
    to: 'if (false) {',
    wrong: ['another gateway has a copy of the card', 'a centre misbehaves'],
  },
  {
    mistake: 'an origin repeats after its button was replaced',
    breaks: ['lost', 'lies', 'early'],
    file: 'protocols/signal.ts',
    from: '${o.boot}-',
    to: '',
    wrong: ['a button is replaced'],
  },
  {
    mistake: 'the edge resends only until stored',
    breaks: ['lost', 'dark', 'stuck'],
    file: 'edge/alarm/resend.ts',
    from: "held !== 'delivered'",
    to: "held === 'none'",
    wrong: ['receipts are lost', 'a centre misbehaves', 'the cloud crashes'],
  },
  {
    mistake: 'the edge keeps its direct receipts to itself',
    breaks: ['unreported'],
    file: 'edge/alarm/alarm.ts',
    from: 'return reported < record.revision;',
    to: 'return false && reported < record.revision;',
    wrong: ['packets vanish', 'the broker forgets everything'],
  },
  {
    // The edge itself knows a press by its outbox: only one without a disk asks the cloud under a second name. Then
    // the UNIQUE index still holds, and it is never answered.
    mistake: 'the cloud forgets that it has had a press before',
    breaks: ['doubled', 'stuck', 'lost', 'dark'],
    file: 'cloud/ingest/admission.ts',
    from: "const samePress = 'gateway = ?",
    to: "const samePress = '1 = 0 AND gateway = ?",
    wrong: ["the edge's disk is dead"],
  },
  {
    mistake: 'the edge takes every copy of a press for a press of its own',
    breaks: ['doubled', 'repeated', 'unexplained', 'stuck'],
    file: 'edge/alarm/alarms.ts',
    from: 'key === null ? undefined : this.#byOrigin.get(key)',
    to: 'undefined as Alarm | undefined',
    wrong: ['a slow disk', 'a failing disk', 'a serial line is cut'],
  },
  {
    mistake: 'an alarm leaves the outbox on PUBACK',
    breaks: ['dark', 'lost'],
    file: 'edge/alarm/resend.ts',
    from: "path.log.info('alarm published', { alarm: text, copy });",
    to: 'alarm.left = true; path.onLeft(alarm);',
    wrong: ['the cloud crashes', 'the broker forgets everything', 'alarms are lost'],
  },
  {
    mistake: 'the edge sends again without back-off',
    breaks: ['flood'],
    file: 'edge/alarm/resend.ts',
    from: 'alarm.stop.resend = path.clock.after(alarm.pace.next(), () => speak(path, alarm, cut));\n}\n\nfunction toSay',
    to: 'alarm.stop.resend = path.clock.after(20, () => speak(path, alarm, cut));\n}\n\nfunction toSay',
    wrong: ['the cloud crashes'],
  },
  {
    mistake: 'the edge gives the names of a block again after a crash',
    breaks: ['lies', 'lost', 'unexplained', 'dark', 'doubled'],
    file: 'edge/outbox/names.ts',
    from: 'this.#next = kept.reserved + 1;',
    to: 'this.#next = Math.max(1, kept.reserved - 99);',
    wrong: ['the edge crashes'],
  },
  {
    mistake: 'the cloud answers no receipt to a copy that it has had before',
    breaks: ['unanswered', 'lost', 'dark', 'stuck'],
    file: 'cloud/ingest/alarm-ingest.ts',
    from: 'const asked = { campus, receivedAt: arrival.wall, sentAt: alarm.sent_at };',
    to: "if (admitted.as === 'known') return;\n    const asked = { campus, receivedAt: arrival.wall, sentAt: alarm.sent_at };",
    wrong: ['receipts are lost', 'a centre misbehaves', 'the edge crashes'],
  },
  {
    mistake: 'the cloud brings a press to 110 anew when an old copy of it comes',
    breaks: ['repeated'],
    file: 'cloud/dispatch/owed.ts',
    from: 'WHERE d.done_at IS NULL AND',
    to: 'WHERE',
    wrong: ['the broker repeats old messages', "the cloud's store is an old copy"],
  },
  {
    mistake: 'the edge does not take up what its outbox has kept',
    breaks: ['lost', 'dark', 'stuck'],
    file: 'edge/start.ts',
    from: 'alarms.resume(kept);',
    to: '',
    wrong: ['the edge crashes', 'packets vanish', 'a centre misbehaves'],
  },
  {
    mistake: 'the cloud forgets what it owes when it starts again',
    breaks: ['lost', 'untold', 'stale'],
    file: 'cloud/dispatch/recovery.ts',
    from: 'for (const owed of found) dispatcher.take(owed, true);',
    to: '',
    wrong: ['the cloud crashes', 'a centre misbehaves'],
  },
  {
    mistake: 'the cloud says delivered when it has stored',
    breaks: ['lies', 'trimmed'],
    file: 'cloud/ingest/answers.ts',
    from: "state: held.delivered ? 'delivered' : held.ended ? 'ended' : 'stored',",
    to: "state: 'delivered',",
    wrong: ['a centre misbehaves'],
  },
  {
    mistake: 'nobody is told of an alarm without a receipt',
    breaks: ['untold'],
    file: 'cloud/dispatch/alarm-alerts.ts',
    from: "code: 'alarm-undelivered',",
    to: "code: 'centre-silent',",
    wrong: ['the cloud crashes'],
  },
  {
    mistake: 'a test goes to 110 as a real alarm',
    breaks: ['disguised', 'unexplained'],
    file: 'edge/alarm/identity.ts',
    from: "if (type === 'test') return 'test';",
    to: "if (type === 'test') return 'real';",
    wrong: ['the broker forgets everything'],
  },
  {
    mistake: 'measured values do not make way for an alarm',
    breaks: ['pushy'],
    file: 'edge/telemetry/telemetry.ts',
    from: 'this.#around.alarmOnItsWay() || this.#bytes',
    to: 'this.#bytes',
    wrong: ['a centre misbehaves', 'packets vanish'],
  },
  {
    mistake: 'the edge does not say which of its measured values are gone',
    breaks: ['vanished'],
    file: 'edge/telemetry/telemetry.ts',
    from: 'await this.#around.link.publishTelemetry(JSON.stringify(message));',
    to: 'void message;',
    wrong: ['the cloud is overloaded'],
  },
  {
    mistake: 'the cloud takes a gap in measured values for nothing',
    breaks: ['vanished'],
    file: 'cloud/telemetry/progress.ts',
    from: 'if (from <= this.n + 1) this.n',
    to: 'if (from <= to) this.n',
    wrong: ['the cloud is overloaded', 'packets vanish'],
  },
  {
    mistake: 'the edge sends no batch again',
    breaks: ['vanished'],
    file: 'edge/telemetry/telemetry.ts',
    from: 'if (now - at >= answerLimitMs) this.#sent.delete(id);',
    to: 'void at;',
    wrong: ['packets vanish'],
  },
  {
    mistake: 'the edge writes an alarm that the cloud cannot read',
    breaks: ['refused'],
    file: 'edge/alarm/resend.ts',
    from: 'age_at_first_byte_ms: record.age_at_first_byte_ms,',
    to: 'age_at_first_byte_ms: -1 - record.age_at_first_byte_ms,',
    wrong: ['packets vanish'],
  },
  {
    mistake: 'a drill holds after its end',
    breaks: ['disguised'],
    file: 'edge/commands/drills.ts',
    from: 'at + error < held.drill.to && monotonic < held.endsBy',
    to: 'true',
    wrong: ['the edge crashes'],
    extras: ['drills'],
  },
  {
    mistake: 'a drill that people ended early holds on',
    breaks: ['disguised'],
    file: 'edge/commands/drills.ts',
    from: 'this.#held.delete(id);\n    this.#ended.add(id);',
    to: '',
    wrong: ['packets vanish'],
    extras: ['drills'],
  },
  {
    mistake: 'a long press within a drill is taken for one',
    breaks: ['disguised'],
    file: 'edge/alarm/identity.ts',
    from: "type === 'press' && inDrill()",
    to: 'inDrill()',
    wrong: ['packets vanish'],
    extras: ['drills'],
  },
  {
    mistake: 'a press of before a power cut is dated into a drill',
    breaks: ['disguised'],
    file: 'edge/alarm/alarms.ts',
    from: '!raised.ageIsLowerBound && ',
    to: '',
    wrong: ['a button loses its power', 'a serial line is cut'],
    extras: ['drills'],
    buttons: 2,
  },
  {
    mistake: 'a drill goes to 110 as a real alarm',
    breaks: ['disguised'],
    file: 'protocols/contact-id.ts',
    from: "if (signal.mode === 'drill') return '607';",
    to: '',
    wrong: ['packets vanish'],
    extras: ['drills'],
  },
  {
    mistake: 'the cloud believes a gateway whose drill it does not know',
    breaks: ['believed'],
    file: 'cloud/drills/drills.ts',
    from: 'if (covered) return facts;',
    to: 'if (covered || !covered) return facts;',
    wrong: ["the cloud's store is an old copy", 'the cloud crashes'],
    extras: ['drills'],
  },
  {
    mistake: 'a summed press is host-acked before it is durable anywhere',
    breaks: ['early', 'lost'],
    file: 'edge/alarm/summing.ts',
    from: 'if (firstByteAt === null) durable.resolve();',
    to: 'durable.resolve();',
    wrong: ['a slow disk', 'a failing disk', 'the edge crashes'],
    extras: ['sums'],
  },
  {
    mistake: 'a sum leaves out its first press',
    breaks: ['miscounted', 'lost', 'dark', 'lies'],
    file: 'edge/alarm/summing.ts',
    from: 'origins: members.map((member) => member.press.origin),',
    to: 'origins: members.slice(members.length > 1 ? 1 : 0).map((member) => member.press.origin),',
    wrong: ['packets vanish'],
    extras: ['sums'],
  },
  {
    mistake: 'a crash forgets the presses that wait for their sum',
    breaks: ['lost', 'dark'],
    file: 'edge/alarm/alarms.ts',
    from: 'this.#summing.resume(kept.summed, (name) => this.#live.has(nameText(name)));',
    to: '',
    wrong: ['the edge crashes'],
    extras: ['sums'],
  },
  {
    mistake: 'a probe is proved by the word of the gateway alone',
    breaks: ['flattered'],
    file: 'cloud/probes/probes.ts',
    from: "if (signal?.paths?.split(',').includes(route)) return",
    to: 'if (signal !== null) return',
    wrong: ['a centre misbehaves', 'packets vanish'],
    extras: ['probes'],
  },
  {
    mistake: 'a probe goes to 110 as a real alarm',
    breaks: ['disguised', 'unexplained'],
    file: 'protocols/contact-id.ts',
    from: "if (signal.mode === 'probe') return '602';",
    to: '',
    wrong: ['packets vanish'],
    extras: ['probes'],
  },
];
