import { join } from 'node:path';
import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { port } from '../wire.ts';
import { fileDocumentStore } from './document-store.ts';
import { httpCentreCommand, startHttpCentre } from './http-centre.ts';

/** Alarm receiving centres (110) that take CAP 1.2 documents by HTTP. */
export const httpCentres = simulatorKind({
  entry: z.strictObject({
    id,
    port,
    /** Key of the documents' signatures. */
    secret: z.string().min(16).default('simulated-centre-secret'),
  }),
  group: 'http-centres',
  description: z.object({ url: z.string(), secret: z.string() }),
  async start(bench, { id, port, secret }) {
    const { host } = bench;
    const store = fileDocumentStore(join(bench.folder, `${id}.documents.jsonl`));
    const log = bench.log.child({ centre: id });
    const centre = await bench.atPort(port, (port) =>
      startHttpCentre({ clock: bench.clock, log, store }, { host, port, secret }),
    );
    return {
      close: () => centre.close(),
      parts: [
        {
          id,
          description: { url: centre.url, secret },
          wiring: null,
          state: () => ({ documents: centre.documents().length, counts: centre.counts() }),
          records: { documents: () => ({ items: centre.documents(), counts: centre.counts() }) },
          acts: { behave: act(httpCentreCommand, (command) => centre.behave(command)) },
        },
      ],
    };
  },
});
