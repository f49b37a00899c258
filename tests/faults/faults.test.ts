import { describe, expect, it } from 'vitest';
import { missing } from '../journeys/campus.ts';
import { runTrial } from './trial.ts';

describe('real processes under seeded faults', () => {
  it.skipIf(missing('mosquitto', 'apt-get install mosquitto'))(
    'lose no host-acknowledged press and double none: 300 presses, 60 faults',
    async () => {
      const said: string[] = [];
      const outcome = await runTrial({
        presses: 300,
        faults: 60,
        seed: 20_221_101,
        broker: 'mosquitto',
        cadence: 5,
        say: (line) => said.push(line),
      });
      if (outcome.lost + outcome.duplicate + outcome.repeats > 0) console.error(said.join('\n'));
      expect(outcome).toMatchObject({
        presses: 300,
        delivered: 300,
        lost: 0,
        duplicate: 0,
        repeats: 0,
        faults: 60,
      });
    },
    240_000,
  );
});
