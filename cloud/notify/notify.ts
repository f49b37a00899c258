import type { HttpPort } from '#platform/http.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import { alertReader } from '../alerts/reading.ts';
import type { CloudConfig } from '../config.ts';
import type { Feed } from '../feed.ts';
import type { Liveness } from '../liveness/liveness.ts';
import type { Store } from '../store/store.ts';
import { startNotifier } from './notifier.ts';
import { callWebhook } from './webhook.ts';

/** Tells people of alerts by every channel of the cloud's file. Returns what stops it. */
export function startNotifying(
  parts: {
    clock: Clock;
    random: Randomness;
    log: Log;
    store: Store;
    feed: Feed;
    liveness: Pick<Liveness, 'gateway'>;
    http: HttpPort | null;
  },
  config: CloudConfig,
): Promise<() => Promise<void>> {
  const { clock, store, liveness, http } = parts;
  const campusOf = (gateway: string) => liveness.gateway(gateway)?.campus ?? null;
  return startNotifier(
    { ...parts, read: alertReader({ clock, store, campusOf }) },
    config.webhooks.map((webhook) => ({
      id: webhook.id,
      tell(notification) {
        if (http === null) return Promise.reject(new Error('this cloud was given no HTTP'));
        return callWebhook(http, webhook, notification, clock.wall());
      },
    })),
  );
}
