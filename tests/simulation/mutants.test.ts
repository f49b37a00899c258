import { expect, test } from 'vitest';
import { caught, type Mutation } from './mutant.ts';
import type { TroubleName } from './troubles.ts';

/** Mistakes in the alarm path that the simulation must find: a simulation that finds nothing proves nothing. */
const mistakes: Record<string, Mutation & { wrong: TroubleName[] }> = {
  'the edge host-acks before the press is durable anywhere': {
    file: 'edge/alarm/alarms.ts',
    from: 'await alarm.durable.promise;',
    to: '',
    wrong: ['the edge crashes', 'a failing disk', 'packets vanish'],
  },
  'the edge does not take up what its outbox has kept': {
    file: 'edge/start.ts',
    from: 'alarms.resume(kept);',
    to: '',
    wrong: ['the edge crashes', 'packets vanish', 'a centre misbehaves'],
  },
  'the edge gives the names of a block again after a crash': {
    file: 'edge/outbox/names.ts',
    from: 'this.#next = kept.reserved + 1;',
    to: 'this.#next = Math.max(1, kept.reserved - 99);',
    wrong: ['the edge crashes'],
  },
  'the cloud forgets what it owes when it starts again': {
    file: 'cloud/dispatch/recovery.ts',
    from: 'for (const owed of found) dispatcher.take(owed, true);',
    to: '',
    wrong: ['the cloud crashes', 'a centre misbehaves'],
  },
  'the cloud says delivered when it has stored': {
    file: 'cloud/ingest/answers.ts',
    from: "state: held.delivered ? 'delivered' : held.ended ? 'ended' : 'stored',",
    to: "state: 'delivered',",
    wrong: ['a centre misbehaves'],
  },
  'nobody is told of an alarm without a receipt': {
    file: 'cloud/dispatch/alarm-alerts.ts',
    from: "code: 'alarm-undelivered',",
    to: "code: 'centre-silent',",
    wrong: ['the cloud crashes'],
  },
};

test.each(Object.entries(mistakes))(
  'a handful of days finds it when %s',
  (_, { wrong, ...mutation }) => {
    const days = Array.from({ length: 15 }, (_, i) => ({ seed: i + 1, presses: 60, wrong }));
    expect(caught(mutation, days)).not.toEqual([]);
  },
  120_000,
);
