import type { z } from 'zod';
import type { SqlValue } from '#platform/ports.ts';
import type { apiProof, ApiProbe } from '#protocols/api.ts';
import type { Store } from '../store/store.ts';

type Proof = z.infer<typeof apiProof>;

/** The last good proof on each path, by `gateway/device`. */
export async function lastProofs(store: Store): Promise<Map<string, Proof[]>> {
  const rows = await store.read<
    Record<string, SqlValue> & { gateway: string; device: string; route: Proof['route'] }
  >(
    `SELECT p.gateway, p.device, p.route, p.done_at AS at, p.proved, p.latency_ms FROM probes p
     JOIN (SELECT MAX(id) AS id FROM probes WHERE ok = 1 GROUP BY gateway, device, route) last ON last.id = p.id
     ORDER BY p.route`,
  );
  const proofs = new Map<string, Proof[]>();
  for (const { gateway, device, ...row } of rows) {
    const point = `${gateway}/${device}`;
    const { route, at, proved, latency_ms } = row as unknown as Proof;
    proofs.set(point, [...(proofs.get(point) ?? []), { route, at, proved, latency_ms }]);
  }
  return proofs;
}

type ProbeRow = Omit<ApiProbe, 'place' | 'ok'> & {
  campus: string;
  gateway: string;
  device: string;
  ok: number;
};

/** Probes as the API shows them, newest first; `where` selects among `probes p`. */
export async function probeReports(
  store: Store,
  placeOf: (campus: string, gateway: string, device: string) => ApiProbe['place'],
  where: string,
  params: readonly SqlValue[],
  limit: number,
): Promise<ApiProbe[]> {
  const rows = (await store.read(
    `SELECT p.id, p.campus, p.gateway, p.device, p.route, p.asked_at, p.done_at, p.self_test, s.name AS alarm,
       p.proved, p.ok, p.latency_ms, p.why
     FROM probes p LEFT JOIN signals s ON s.id = p.signal WHERE ${where} ORDER BY p.id DESC LIMIT ?`,
    [...params, limit],
  )) as unknown as ProbeRow[];
  return rows.map(({ campus, gateway, device, ok, ...row }) => ({
    ...row,
    place: placeOf(campus, gateway, device),
    ok: ok === 1,
  }));
}
