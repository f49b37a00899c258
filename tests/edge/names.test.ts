import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockSize, Names, type Reservation } from '#edge/outbox/names.ts';

test('whatever the disk takes, loses or forgets and whenever the edge dies, no name is given twice', () => {
  const step = fc.constantFrom('take', 'take', 'take', 'take', 'write', 'write-and-die', 'die', 'begin');
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(80)), { maxLength: 60 }), (steps) => {
      let seed = 0;
      const random = {
        fraction: () => 0,
        bytes: () => new Uint8Array(Buffer.from(String(seed++).padStart(8))),
      };
      let disk: Reservation | null = null;
      let names = new Names(random, disk);
      const given = new Set<string>();
      for (const [what, times] of steps) {
        if (what === 'take') {
          for (let i = 0; i <= times; i++) {
            const { epoch, n } = names.take();
            if (given.has(`${epoch} ${n}`)) return false;
            given.add(`${epoch} ${n}`);
          }
        } else if (what === 'begin') names.beginEpoch();
        else if (what === 'die') names = new Names(random, disk);
        else {
          disk = names.wanted();
          if (what === 'write') names.granted(disk);
          else names = new Names(random, disk);
        }
      }
      return true;
    }),
  );
});

test('the reservation is asked for half a block ahead of need', () => {
  const names = new Names(
    { fraction: () => 0, bytes: () => new Uint8Array(8) },
    { epoch: 'e', reserved: 100 },
  );
  expect(names.highest).toBe(100);
  const wanted = names.wanted();
  expect(wanted).toEqual({ epoch: 'e', reserved: 100 + blockSize });
  names.granted(wanted);
  for (let i = 0; i < blockSize / 2 - 1; i++) names.take();
  expect(names.wanted()).toEqual(wanted);
  names.take();
  expect(names.wanted().reserved).toBeGreaterThan(wanted.reserved);
});

test('a new epoch begins anywhere among the sequences of DC-09: two epochs without a clock must not look alike', () => {
  const first = (fraction: number) => {
    const names = new Names({ fraction: () => fraction, bytes: () => new Uint8Array(8) }, null);
    const { reserved } = names.wanted();
    const { n } = names.take();
    expect(reserved).toBe(n - 1 + blockSize);
    return n;
  };
  expect([first(0), first(0.5), first(1 - 2 ** -53)]).toEqual([1, 5000, 9999]);
});
