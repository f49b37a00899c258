import { z } from 'zod';
import { deviceBase } from '#edge/config.ts';
import type { Driver } from '#edge/driver.ts';

const everyMs = 1500;

/** A driver of this city: a meter that never shows the same value twice, so that each can be found again. */
export function meterDriver(next: () => number): Driver {
  return {
    name: 'meter',
    wires: ['local'],
    device: deviceBase.extend({ driver: z.literal('meter') }),
    describe: () => ({ kind: 'sensor', alarms: false, acts: [] }),
    configure: () => [],
    start({ clock, measure, stop }, { devices }) {
      let cancel = () => {};
      const read = () => {
        if (stop.aborted) return;
        measure(devices[0]!.id, 'reading', next(), '');
        cancel = clock.after(everyMs, read);
      };
      read();
      return {
        close() {
          cancel();
          return Promise.resolve();
        },
      };
    },
  };
}
