import type { Clock, Log } from '#platform/ports.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import { topicOf } from '#protocols/messages/topics.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Store } from '../store/store.ts';
import { undeliveredSubject } from './alarm-alerts.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Centre } from './centres.ts';
import { loadOwed, type Owed } from './owed.ts';

/** Time that the gateways get, after a start, to say what they know of alarms without a receipt. */
export const wordMs = 2000;
const namesInOneQuestion = 100;

export interface Recovery {
  /** Asks every gateway for its word on its alarms without a receipt (the link has just come up). */
  askAll(): void;
  /** Asks one gateway (its birth has just come). */
  ask(gateway: string): void;
  close(): void;
}

/**
 * Starting again: takes up every alarm that some centre is still owed, asks the edges for their word on those that
 * the primary has not acknowledged, and sends after 2 s what neither side knows as delivered.
 */
export async function startRecovery(parts: {
  clock: Clock;
  log: Log;
  store: Store;
  alerts: Alerts;
  dispatcher: Dispatcher;
  centres: readonly Centre[];
  publish(topic: string, message: ReceiptLaneMessage): void;
}): Promise<Recovery> {
  const { clock, log, store, alerts, dispatcher, centres, publish } = parts;
  // A centre that is new in the file is owed what nobody has acknowledged yet, and nothing older; a probe is
  // the primary's alone.
  await store.commit(
    centres.map(({ id }) => ({
      sql: `INSERT INTO deliveries (signal, centre)
            SELECT id, ? FROM signals WHERE delivered_at IS NULL AND ended_by IS NULL AND same_as IS NULL AND mode <> 'probe'
            ON CONFLICT (signal, centre) DO NOTHING`,
      params: [id],
    })),
  );
  const found = await loadOwed(store, clock, null);
  for (const owed of found) dispatcher.take(owed, true);
  await endOutdatedAlerts(store, alerts, centres, found);
  const held = dispatcher.undelivered();
  if (found.length > 0)
    log.info('alarms are taken up again', { owed: found.length, undelivered: held.length });
  const cancel = clock.after(wordMs, () => {
    for (const { id } of found) dispatcher.release(id);
  });

  function ask(alarms: readonly Owed[]): void {
    for (const [topic, ofGateway] of Map.groupBy(alarms, (a) => topicOf(a.campus, a.gateway, 'receipt'))) {
      for (let i = 0; i < ofGateway.length; i += namesInOneQuestion) {
        const now = Math.round(clock.wall());
        publish(topic, {
          kind: 'word',
          cloud_epoch: store.epoch,
          received_at: now,
          sent_at: now,
          names: ofGateway
            .slice(i, i + namesInOneQuestion)
            .map(({ gateway, epoch, n }) => ({ gateway, epoch, lane: 'alarm', n })),
        });
      }
    }
  }

  return {
    askAll: () => ask(dispatcher.undelivered()),
    ask: (gateway) => ask(dispatcher.undelivered(gateway)),
    close: cancel,
  };
}

/** A crash between a receipt and the end of its alert leaves the alert open: what is owed no more is over. */
async function endOutdatedAlerts(
  store: Store,
  alerts: Alerts,
  centres: readonly Centre[],
  found: readonly Owed[],
): Promise<void> {
  const owed = new Set(
    found.flatMap(({ door, centres: ids }) =>
      centres.filter(({ id }) => ids.includes(id)).map((centre) => undeliveredSubject(door.name, centre)),
    ),
  );
  const open = await store.read<{ subject: string }>(
    `SELECT subject FROM alerts WHERE code = 'alarm-undelivered' AND closed_at IS NULL`,
  );
  for (const { subject } of open) if (!owed.has(subject)) await alerts.clear('alarm-undelivered', subject);
}
