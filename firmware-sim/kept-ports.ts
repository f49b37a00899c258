import { existsSync, readFileSync } from 'node:fs';
import { writeWhole } from './whole-file.ts';

/** The ports of the last start, so that whoever was connected finds its hardware again. */
export interface KeptPorts {
  /** Serves at the port that is wanted, else (0) at last time's, else at a free one. */
  take<T extends { port: number | null }>(
    what: string,
    wanted: number,
    serve: (port: number) => Promise<T>,
  ): Promise<T>;
  save(): void;
}

export function keptPorts(file: string): KeptPorts {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const taken: Record<string, number> = {};
  return {
    async take(what, wanted, serve) {
      const last = kept[what] ?? 0;
      const served = await serve(wanted === 0 ? last : wanted).catch((error: NodeJS.ErrnoException) => {
        if (wanted !== 0 || last === 0 || error.code !== 'EADDRINUSE') throw error;
        return serve(0);
      });
      if (served.port !== null) taken[what] = served.port;
      return served;
    },
    save: () => writeWhole(file, JSON.stringify(taken)),
  };
}
