import type { Statement } from '#platform/ports.ts';

/** A probe and what it proved are kept for so long; the last proof of each button and path is kept always. */
export const keptMs = 90 * 86_400_000;
/** Old ones that go with each new one: more than one, so that they come to an end. */
const forgottenAtOnce = 20;

/** Forgets some old probes. `now`: UTC ms. */
export function forgetOldProbes(now: number): Statement {
  return {
    sql: `DELETE FROM probes WHERE id IN (SELECT p.id FROM probes p
            WHERE p.asked_at < ? AND p.done_at IS NOT NULL AND p.id <> COALESCE((SELECT MAX(q.id) FROM probes q
              WHERE q.gateway = p.gateway AND q.device = p.device AND q.route = p.route AND q.ok = 1), 0)
            ORDER BY p.asked_at LIMIT ${forgottenAtOnce})`,
    params: [now - keptMs],
  };
}
