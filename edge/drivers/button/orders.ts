import type { Body, Output, OutputOutcome, SelfTestOutcome } from '#protocols/button-frame/frame.ts';
import type { Clock } from '#platform/ports.ts';
import type { DeviceAct } from '#protocols/messages/command.ts';

const repeatMs = 1000;
const copies = 5;
/** Of a lamp that is switched on without an end, s: the longest that a unit lets it be on. */
const lampS = 600;

type Result = Extract<Body, { type: 'self-test-result' | 'output-result' }>;
type Order = { type: 'self-test' } | { type: 'output'; output: Output; seconds: number };

/**
 * What a unit is asked to do by hand: one order at a time, repeated with the same number until its result comes,
 * five times at most. `silent`: whoever stands there must hear and see nothing of it.
 */
export function createOrders(
  clock: Clock,
  unit: { serial: number; silent(): boolean; ready(): string | null; send(body: Body): void },
) {
  let last = 0;
  let running: { number: number; name: string; settle(outcome: string | Error): void } | null = null;

  function give(order: Order, name: string): Promise<string> {
    if (running !== null) {
      return Promise.reject(new Error(`a ${running.name} of this unit is running already`));
    }
    const closed = unit.ready();
    if (closed !== null) return Promise.reject(new Error(closed));
    last = (last + 1) & 0xffff;
    const number = last;
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const settle = (outcome: string | Error): void => {
        cancel();
        running = null;
        if (typeof outcome === 'string') resolve(outcome);
        else reject(outcome);
      };
      running = { number, name, settle };
      const ask = (copy: number): void => {
        if (copy > copies) {
          settle(new Error(`the unit did not answer ${copies} ${name} commands`));
          return;
        }
        unit.send({ ...order, serial: unit.serial, number });
        cancel = clock.after(repeatMs, () => ask(copy + 1));
      };
      ask(1);
    });
  }

  return {
    async act(act: DeviceAct): Promise<string> {
      switch (act.do) {
        case 'self-test':
          return give({ type: 'self-test' }, 'self-test');
        case 'lamp':
        case 'siren': {
          const seconds = act.do === 'siren' ? act.seconds : act.on ? lampS : 0;
          if (seconds > 0 && unit.silent()) {
            throw new Error('the unit is silent: it lights and sounds nothing, by nobody’s order');
          }
          return give({ type: 'output', output: act.do, seconds }, act.do);
        }
        default:
          throw new Error(`a button has no ${act.do}`);
      }
    },
    onResult(body: Result): void {
      if (running?.number !== body.number) return;
      const passed = body.type === 'self-test-result' ? body.outcome === 'passed' : body.outcome === 'done';
      const sentence = sentences[body.outcome];
      running.settle(passed ? sentence : new Error(sentence));
    },
    close: () => running?.settle(new Error('the edge stops')),
  };
}

const sentences: Record<SelfTestOutcome | OutputOutcome, string> = {
  passed: 'passed: the switch circuit and the lamp work',
  'switch-open': 'the switch circuit is open: a press would not be noticed',
  'switch-stuck': 'the switch is stuck: a press would not be noticed',
  'lamp-fault': 'the lamp circuit is at fault',
  busy: 'the unit is busy: the contact is closed or a press waits',
  done: 'done; it goes off by itself when its time is over',
  silent: 'the unit is silent: it lights and sounds nothing, by nobody’s order',
  absent: 'the unit has no such output',
};
