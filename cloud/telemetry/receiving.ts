import type { Clock, Database, Log, Statement } from '#platform/ports.ts';
import type { ReceiptLaneMessage, TelemetryPace } from '#protocols/messages/receipt.ts';
import type { TelemetryGone, TelemetryLaneMessage, TelemetryMessage } from '#protocols/messages/telemetry.ts';
import type { Records } from '../records/records.ts';
import { gapGivenUpAfterMs, Progress } from './progress.ts';
import type { TelemetryStore } from './telemetry-store.ts';

export const progressSchema = `
CREATE TABLE IF NOT EXISTS progress (
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch)
);
-- What was measured and never came: said by its gateway, or not answered for ('unanswered').
CREATE TABLE IF NOT EXISTS gaps (
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  held INTEGER,
  why TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch, first)
);
`;

/** A gateway keeps its batches for days; an epoch that nothing came of for so long is over. */
const epochKeptMs = 31 * 86_400_000;
const gapsKeptMs = 400 * 86_400_000;
/** Epochs that are known in memory; the others are read again when they are needed. */
const epochsAtHand = 10_000;

/** A gap that will not be filled, for people. */
export interface ClosedGap {
  campus: string;
  gateway: string;
  from: number;
  to: number;
  why: TelemetryGone['why'] | 'unanswered';
}

export interface TelemetryReceiver {
  /**
   * Stores the points and records of a batch (or notes that a gateway has them no more), then answers with the
   * cumulative receipt. One at a time. Rejects when they could not be stored; then there is no receipt, and the
   * gateway sends them again.
   */
  receive(campus: string, gateway: string, message: TelemetryLaneMessage): Promise<void>;
  /** Answers without storing: the batch is not taken now, at this pace it comes again. */
  putOff(campus: string, gateway: string, message: TelemetryLaneMessage): Promise<void>;
}

export function telemetryReceiver(parts: {
  clock: Clock;
  log: Log;
  database: Database;
  epoch: string;
  telemetry: TelemetryStore;
  records: Pick<Records, 'write'>;
  pace(): TelemetryPace;
  onGap(gap: ClosedGap): void;
  send(campus: string, gateway: string, lane: 'receipt', message: ReceiptLaneMessage): void;
}): TelemetryReceiver {
  const { clock, log, database, telemetry, records } = parts;
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

  async function store(
    campus: string,
    gateway: string,
    { epoch, n, points, records: happened }: TelemetryMessage,
  ) {
    if (points.length > 0) await telemetry.write({ campus, gateway }, points);
    if (happened.length > 0) await records.write({ campus, gateway, batch: `${epoch} ${n}` }, happened);
  }

  function closeGap(
    at: { campus: string; gateway: string; epoch: string },
    gap: Omit<ClosedGap, 'campus' | 'gateway'>,
    held: number | null,
  ): Statement {
    log.warn('measured values never came', { gateway: at.gateway, ...gap });
    parts.onGap({ campus: at.campus, gateway: at.gateway, ...gap });
    return {
      sql: `INSERT INTO gaps (gateway, epoch, first, last, held, why, at) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (gateway, epoch, first) DO UPDATE SET last = excluded.last, held = excluded.held
              WHERE excluded.last > gaps.last`,
      params: [at.gateway, at.epoch, gap.from, gap.to, held, gap.why, Math.round(clock.wall())],
    };
  }

  function answer(
    campus: string,
    gateway: string,
    epoch: string,
    progress: Progress,
    receivedAt: number,
  ): void {
    parts.send(campus, gateway, 'receipt', {
      kind: 'telemetry-receipt',
      cloud_epoch: parts.epoch,
      received_at: receivedAt,
      sent_at: Math.round(clock.wall()),
      epoch,
      n: progress.n,
      missing: progress.missing(clock.monotonic()),
      pace: parts.pace(),
    });
  }

  return {
    async receive(campus, gateway, message) {
      const receivedAt = Math.round(clock.wall());
      const { epoch } = message;
      const at = { campus, gateway, epoch };
      const progress = await progressOf(gateway, epoch);
      const before = progress.n;
      const statements: Statement[] = [];
      const now = clock.monotonic();
      if (message.kind === 'telemetry') {
        if (!progress.has(message.n)) await store(campus, gateway, message);
        progress.settled(message.n, message.n, now);
      } else {
        const { from, to, values, why } = message;
        // Said again where the answer was lost, or with a longer range once more had gone: noted once, as the longest.
        if (to > progress.n) statements.push(closeGap(at, { from, to, why }, values));
        progress.settled(from, to, now);
      }
      const [first] = progress.gaps();
      if (first && progress.gapFor(now) >= gapGivenUpAfterMs) {
        const [from, to] = first;
        statements.push(closeGap(at, { from, to, why: 'unanswered' }, null));
        progress.settled(from, to, now);
      }
      if (progress.n !== before) {
        statements.push(
          {
            sql: `INSERT INTO progress (gateway, epoch, n, at) VALUES (?, ?, ?, ?)
                  ON CONFLICT (gateway, epoch) DO UPDATE SET n = excluded.n, at = excluded.at`,
            params: [gateway, epoch, progress.n, receivedAt],
          },
          {
            sql: 'DELETE FROM progress WHERE gateway = ? AND at < ?',
            params: [gateway, receivedAt - epochKeptMs],
          },
        );
      }
      if (statements.length > 0) {
        statements.push({ sql: 'DELETE FROM gaps WHERE at < ?', params: [receivedAt - gapsKeptMs] });
        await database.commit(statements);
      }
      answer(campus, gateway, epoch, progress, receivedAt);
    },

    async putOff(campus, gateway, { epoch }) {
      answer(campus, gateway, epoch, await progressOf(gateway, epoch), Math.round(clock.wall()));
    },
  };
}
