import type { HttpPort } from '#platform/http.ts';
import type { ApiAlert } from '#protocols/api.ts';
import { signatureOf } from '#protocols/standard-webhooks.ts';
import type { CloudConfig } from '../config.ts';

export type WebhookConfig = CloudConfig['webhooks'][number];

/** One thing to tell. */
export interface Notification {
  /** The same in every try: what the receiver recognises a repeat by. */
  id: string;
  event: 'opened' | 'repeated' | 'closed';
  alert: ApiAlert;
}

const timeoutMs = 10_000;

/** Tells it once. Rejects with a sentence when the receiver did not answer 2xx within 10 s. */
export async function callWebhook(
  http: HttpPort,
  { url, secret }: WebhookConfig,
  { id, event, alert }: Notification,
  wall: number,
): Promise<void> {
  const timestamp = Math.floor(wall / 1000);
  const at = event === 'repeated' ? wall : event === 'opened' ? alert.opened_at : (alert.closed_at ?? wall);
  const body = JSON.stringify({ type: `alert.${event}`, timestamp: new Date(at).toISOString(), data: alert });
  const answer = await http.request({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'belfry',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf(secret, id, timestamp, body),
    },
    body,
    timeoutMs,
    maxBytes: 1024,
  });
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`it answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  }
}
