import type { Statement } from '#platform/ports.ts';
import type { CityInventory } from '#protocols/inventory/campus.ts';
import type { Draft, EvidenceStore } from './evidence-store.ts';

/** The cloud's sign of life. */
export function alive(now: number): Statement {
  return {
    sql: `INSERT INTO meta (key, value) VALUES ('four_hundred_alive', ?)
          ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    params: [String(now)],
  };
}

/** From the last sign of life until now Belfry did not look: at no campus anything was measured. */
export async function noteAbsence(
  evidence: EvidenceStore,
  inventory: CityInventory | null,
  since: number,
  now: number,
): Promise<void> {
  const drafts = (inventory?.campuses ?? []).map(({ id: campus }): Draft => {
    const piece = { kind: 'outage' as const, at: since, to: now, reason: 'the cloud was not running' };
    return { campus, source: `outage/${campus}/${since}`, piece };
  });
  await evidence.commit(drafts, [], now, [alive(now)]);
}
