import type { Clock } from '#platform/ports.ts';
import type { ApiMaintenance } from '#protocols/api.ts';
import { devicesOf } from '#protocols/inventory/campus.ts';
import type { FourHundred } from '../four-hundred/four-hundred.ts';
import type { Store } from '../store/store.ts';

interface Parts {
  clock: Clock;
  store: Store;
  fourHundred: Pick<FourHundred, 'campus' | 'declare'>;
}

/**
 * Work that is declared once counts for both: nobody is called for its faults, and the four hundred excuse them. A
 * campus that is not in the inventory has no four hundred.
 */
export async function putOnRecord({ clock, store, fourHundred }: Parts, work: ApiMaintenance): Promise<void> {
  const ledger = fourHundred.campus(work.campus);
  if (ledger === null) return;
  const known = [...devicesOf(ledger.plan.campus).keys()];
  const { gateway, devices } = work;
  const meant =
    gateway === null
      ? (['campus'] as const)
      : known
          .filter((device) =>
            devices === null
              ? device.startsWith(`${gateway}/`)
              : devices.some((one) => device === `${gateway}/${one}`),
          )
          .map((device) => ({ device }));
  const evidence: number[] = [];
  for (const of of meant) {
    const { from, until: to, reason, by } = work;
    const source = `maintenance/${work.id}/${typeof of === 'string' ? of : of.device}`;
    const at = Math.round(clock.wall());
    const piece = await fourHundred.declare(work.campus, source, {
      kind: 'maintenance',
      at,
      of,
      from,
      to,
      reason,
      by,
    });
    if (piece !== null) evidence.push(piece.id);
  }
  await store.commit([
    {
      sql: 'UPDATE maintenance SET evidence = ? WHERE id = ?',
      params: [JSON.stringify(evidence), work.id],
    },
  ]);
}

/** It is over before its time. */
export async function endOnRecord(
  { clock, store, fourHundred }: Parts,
  { id, campus }: ApiMaintenance,
  by: string,
): Promise<void> {
  const [row] = await store.read<{ evidence: string | null }>(
    'SELECT evidence FROM maintenance WHERE id = ?',
    [id],
  );
  for (const maintenance of JSON.parse(row?.evidence ?? '[]') as number[]) {
    const at = Math.round(clock.wall());
    const piece = { kind: 'maintenance-ended', at, maintenance, by } as const;
    await fourHundred.declare(campus, `maintenance-ended/${campus}/${maintenance}`, piece);
  }
}
