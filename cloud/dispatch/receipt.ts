import type { Statement } from '#platform/ports.ts';
import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import type { Step } from '../incidents/incidents.ts';

/** Over this between press and receipt an alarm is marked late, and people are called. */
export const lateAfterMs = 300_000;

/** A receipt's place in the store: it ends what the centre is owed; the primary's is what *delivered* rests on. */
export function keepReceipt(
  signal: number,
  receipt: CentreReceipt,
  now: { wall: number; late: boolean },
): Statement[] {
  const { centre, door, path, primary, reference, at, raw } = receipt;
  const statements: Statement[] = [
    {
      sql: `INSERT INTO receipts (signal, centre, door, path, is_primary, reference, at, raw)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (signal, centre, path) DO NOTHING`,
      params: [signal, centre, door, path, primary, reference, at, raw],
    },
    {
      sql: 'UPDATE deliveries SET done_at = ? WHERE signal = ? AND centre = ? AND done_at IS NULL',
      params: [Math.round(now.wall), signal, centre],
    },
  ];
  if (primary) {
    statements.push({
      sql: 'UPDATE signals SET delivered_at = ?, late = ? WHERE id = ? AND delivered_at IS NULL',
      params: [now.wall, now.late, signal],
    });
  }
  return statements;
}

/** The entry of the incident's log that goes with it; `heardAt`: when this cloud learned of it, UTC ms. */
export function receiptStep(signal: number, alarm: string, receipt: CentreReceipt, heardAt: number): Step {
  const { centre, door, path, reference, at } = receipt;
  return {
    step: receipt.primary ? 'delivered' : 'centre-receipt',
    at: heardAt,
    signal,
    detail: { alarm, centre, door, path, reference, at },
  };
}
