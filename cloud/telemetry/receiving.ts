import type { Clock, Database } from '#platform/ports.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import type { TelemetryMessage } from '#protocols/messages/telemetry.ts';
import type { TelemetryStore } from './telemetry-store.ts';

export const progressSchema = `
CREATE TABLE IF NOT EXISTS progress (
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch)
);
`;

/** A gateway keeps its batches for days; an epoch that nothing came of for so long is over. */
const epochKeptMs = 31 * 86_400_000;
/** Epochs that are known in memory; the others are read again when they are needed. */
const epochsAtHand = 10_000;
/** Messages of one gateway that are stored ahead of a gap and remembered. */
const aheadLimit = 1_000;

/**
 * Up to which number all of an epoch is stored. A gateway sends from its oldest message on, again and again: so a
 * number that comes twice while those before it do not come at all is the oldest that it still has, and what is
 * missing before it was dropped there (its buffer is bounded).
 */
export class Progress {
  n: number;
  readonly #ahead = new Set<number>();

  constructor(n: number) {
    this.n = n;
  }

  stored(n: number): void {
    if (n <= this.n) return;
    if (this.#ahead.has(n) && n === Math.min(...this.#ahead)) this.n = n - 1;
    if (this.#ahead.size < aheadLimit) this.#ahead.add(n);
    while (this.#ahead.delete(this.n + 1)) this.n += 1;
  }
}

/**
 * Takes telemetry messages, one at a time: stores the points, then answers with the cumulative receipt. Rejects
 * when they could not be stored; then there is no receipt, and the gateway sends them again.
 */
export function telemetryReceiver(parts: {
  clock: Clock;
  database: Database;
  epoch: string;
  telemetry: TelemetryStore;
  send(campus: string, gateway: string, lane: 'receipt', message: ReceiptLaneMessage): void;
}): (campus: string, gateway: string, message: TelemetryMessage) => Promise<void> {
  const { clock, database, telemetry } = parts;
  // A gateway that was cut off from power drains its old epoch beside the new one.
  const known = new Map<string, Progress>();

  async function progressOf(gateway: string, epoch: string): Promise<Progress> {
    const key = `${gateway}/${epoch}`;
    let progress = known.get(key);
    if (progress === undefined) {
      const [row] = await database.read<{ n: number }>(
        'SELECT n FROM progress WHERE gateway = ? AND epoch = ?',
        [gateway, epoch],
      );
      progress = new Progress(row?.n ?? 0);
    }
    // The one used last is the last to go.
    known.delete(key);
    known.set(key, progress);
    if (known.size > epochsAtHand) known.delete(known.keys().next().value!);
    return progress;
  }

  return async (campus, gateway, { epoch, n, points }) => {
    const receivedAt = Math.round(clock.wall());
    const progress = await progressOf(gateway, epoch);
    if (points.length > 0) await telemetry.write({ campus, gateway }, points);
    const before = progress.n;
    progress.stored(n);
    if (progress.n !== before) {
      await database.commit([
        {
          sql: `INSERT INTO progress (gateway, epoch, n, at) VALUES (?, ?, ?, ?)
                ON CONFLICT (gateway, epoch) DO UPDATE SET n = excluded.n, at = excluded.at`,
          params: [gateway, epoch, progress.n, receivedAt],
        },
        {
          sql: 'DELETE FROM progress WHERE gateway = ? AND at < ?',
          params: [gateway, receivedAt - epochKeptMs],
        },
      ]);
    }
    parts.send(campus, gateway, 'receipt', {
      kind: 'telemetry-receipt',
      cloud_epoch: parts.epoch,
      received_at: receivedAt,
      sent_at: Math.round(clock.wall()),
      epoch,
      n: progress.n,
      missing: [],
      pace: { kind: 'free' },
    });
  };
}
