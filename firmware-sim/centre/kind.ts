import { join } from 'node:path';
import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { port } from '../wire.ts';
import { centreCommand } from './behaviour.ts';
import { startCentre } from './centre.ts';
import { fileFrameStore } from './frame-store.ts';

/** Alarm receiving centres (110) that speak SIA DC-09 over TCP. */
export const centres = simulatorKind({
  entry: z.strictObject({ id, port }),
  group: 'centres',
  description: z.object({ host: z.string(), port: z.int() }),
  async start(bench, entry) {
    const { id } = entry;
    const { host } = bench;
    const store = fileFrameStore(join(bench.folder, `${id}.frames.jsonl`));
    const log = bench.log.child({ centre: id });
    const centre = await bench.atPort(entry.port, (port) =>
      startCentre({ ...bench, log, store }, { host, port }),
    );
    return {
      close: () => centre.close(),
      parts: [
        {
          id,
          description: { host, port: centre.port },
          wiring: null,
          state: () => ({ frames: centre.frames().length, counts: centre.counts() }),
          records: { frames: () => ({ items: centre.frames(), counts: centre.counts() }) },
          acts: { behave: act(centreCommand, (command) => centre.behave(command)) },
        },
      ],
    };
  },
});
