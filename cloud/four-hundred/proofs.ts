import type { Row } from '#platform/ports.ts';
import type { EvidenceOf } from '#protocols/four-hundred/evidence.ts';
import { evidenceOfProof } from '#protocols/four-hundred/from-messages.ts';
import { type PassageRow, passageColumns, passageOf } from '../latency/passage.ts';
import { countedAs } from '../latency/stages.ts';
import type { Store } from '../store/store.ts';
import type { Draft } from './evidence-store.ts';

/** A probe is done, and a test delivered, within this time or never; those of before are looked through at the start. */
const lookBackMs = 3_600_000;
const lookBackAtStartMs = 90 * 86_400_000;

type ProofRow = Row & {
  id: number;
  gateway: string;
  device: string;
  route: EvidenceOf<'proof'>['route'];
  proved: EvidenceOf<'proof'>['proved'];
  latency_ms: number | null;
  done_at: number;
};

/** Probes that are done and test presses that were delivered, each told once. */
export class Proofs {
  readonly #store: Store;
  readonly #campusOf: (gateway: string) => string | null;
  #told = new Set<string>();
  #lookBackMs = lookBackAtStartMs;

  constructor(store: Store, campusOf: (gateway: string) => string | null) {
    this.#store = store;
    this.#campusOf = campusOf;
  }

  /** Those that are done and not told yet. */
  async read(now: number): Promise<Draft[]> {
    const since = now - this.#lookBackMs;
    const probes = await this.#store.read<ProofRow>(
      `SELECT id, gateway, device, route, proved, latency_ms, done_at FROM probes
       WHERE done_at IS NOT NULL AND asked_at >= ?`,
      [since],
    );
    const tests = await this.#store.read<TestRow>(
      `SELECT s.id, gateway, device, path, s.ingested_at, ${passageColumns} FROM signals s
       JOIN receipts r ON r.signal = s.id AND r.is_primary = 1
       WHERE mode = 'test' AND type = 'press' AND same_as IS NULL AND delivered_at IS NOT NULL AND ingested_at >= ?`,
      [since],
    );
    const found = [
      ...probes.map((row) => ({ ...row, source: `probe/${row.id}`, at: row.done_at })),
      ...tests.map((row) => ({
        ...row,
        source: `test/${row.id}/${row.path}`,
        at: Math.round(row.delivered_at!),
        route: row.path,
        proved: 'centre' as const,
        latency_ms: countedAs(passageOf(row), now),
      })),
    ];
    return found.flatMap(({ source, gateway, ...row }): Draft[] => {
      const campus = this.#campusOf(gateway);
      if (this.#told.has(source) || campus === null) return [];
      const { id: _id, known_at: _known, ...piece } = evidenceOfProof({ id: 0, gateway, known_at: now }, row);
      return [{ campus, source, piece }];
    });
  }

  /** They are committed. */
  told(drafts: readonly Draft[]): void {
    if (this.#told.size > 100_000) this.#told = new Set();
    for (const { source } of drafts) this.#told.add(source);
    this.#lookBackMs = lookBackMs;
  }

  /** The inventory has other campuses: what was left aside before may be theirs. */
  again(): void {
    this.#lookBackMs = lookBackAtStartMs;
  }
}

type TestRow = Row & PassageRow & { id: number; gateway: string; device: string; path: 'cloud' | 'direct' };
