import type { HttpPort } from '#platform/http.ts';
import type { Clock } from '#platform/ports.ts';
import { signatureOf } from '#protocols/standard-webhooks.ts';
import type { CloudConfig } from '../config.ts';
import type { Channel, Notice } from './channel.ts';

export type WebhookConfig = CloudConfig['webhooks'][number];

const timeoutMs = 10_000;

/** A program that is told each alert by itself, as Standard Webhooks has it. */
export function webhookChannel(
  { id: channel, url, secret }: WebhookConfig,
  { http, clock }: { http: HttpPort; clock: Clock },
): Channel {
  async function call(id: string, type: string, at: number, data: object): Promise<string> {
    const timestamp = Math.floor(clock.wall() / 1000);
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
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
    const said = `it answered ${answer.status}: ${answer.body.slice(0, 200)}`;
    if (answer.status < 200 || answer.status > 299) throw new Error(said);
    return said;
  }

  return {
    id: channel,
    kind: 'webhook',
    language: 'both',
    perMinute: null,
    most: 1,
    async tell([notice]) {
      const { id, event, alert } = notice!;
      return { count: 1, answer: await call(id, `alert.${event}`, whenOf(event, alert, clock), alert) };
    },
    try: ({ id, by }) => call(id, 'test', Math.round(clock.wall()), { by }),
  };
}

function whenOf(event: Notice['event'], alert: Notice['alert'], clock: Clock): number {
  if (event === 'opened') return alert.opened_at;
  return event === 'closed' && alert.closed_at !== null ? alert.closed_at : Math.round(clock.wall());
}
