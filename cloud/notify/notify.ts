import { Buffer } from 'node:buffer';
import type { HttpPort } from '#platform/http.ts';
import type { MailPort } from '#platform/mail.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import { wholeReasonOf } from '#platform/reason.ts';
import type { ApiChannel, ApiNotifyRules } from '#protocols/api.ts';
import { alertReader } from '../alerts/reading.ts';
import type { CloudConfig } from '../config.ts';
import type { Feed } from '../feed.ts';
import type { Liveness } from '../liveness/liveness.ts';
import { namesOf } from '../names.ts';
import type { Store } from '../store/store.ts';
import type { Channel } from './channel.ts';
import { mailChannel } from './mail.ts';
import { Notifier } from './notifier.ts';
import { robotChannel } from './robots.ts';
import { routeOf } from './routing.ts';
import { watchUnattended } from './unattended.ts';
import { webhookChannel } from './webhook.ts';

/** The channels by which people are told, for who looks after them. */
export interface Channels {
  rules(): ApiNotifyRules;
  list(): Promise<ApiChannel[]>;
  /** Sends a message that says it is a trial; null: there is no such channel. */
  try(id: string, by: string): Promise<{ ok: boolean; answer: string; took_ms: number } | null>;
}

export interface NotifyParts extends Outside {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  feed: Feed;
  liveness: Pick<Liveness, 'gateway'>;
}

/** The ways out of this machine; not every world has them. */
export interface Outside {
  http?: HttpPort;
  mail?: MailPort;
}

/** Tells people of alerts by every channel of the cloud's file. A channel that is new is told what is open now. */
export function startNotifying(
  parts: NotifyParts,
  config: Pick<CloudConfig, 'webhooks' | 'notify' | 'campuses'>,
): { channels: Channels; stop(): Promise<void> } {
  const { clock, random, store, liveness } = parts;
  const { rules, time_zone: timeZone, escalation } = config.notify;
  const campusOf = (gateway: string) => liveness.gateway(gateway)?.campus ?? null;
  const read = alertReader({ clock, store, campusOf });
  const notifiers = channelsOf(parts, config).map(
    (channel) =>
      new Notifier(
        { ...parts, read, route: (alert, channel, now) => routeOf(alert, channel, rules, now, timeZone) },
        channel,
      ),
  );
  for (const notifier of notifiers) notifier.start();
  const stopWatching = escalation ? watchUnattended({ ...parts, read }, escalation) : () => {};

  return {
    channels: {
      rules: () => ({ time_zone: timeZone, rules, escalation: escalation ?? null }),
      list: () => Promise.all(notifiers.map((notifier) => notifier.state())),
      async try(id, by) {
        const notifier = notifiers.find(({ channel }) => channel.id === id);
        if (notifier === undefined) return null;
        const begin = clock.monotonic();
        const trial = { id: `trial-${Buffer.from(random.bytes(8)).toString('hex')}`, by };
        const tried = await notifier.try(trial).then(
          (answer) => ({ ok: true, answer }),
          (error: unknown) => ({ ok: false, answer: wholeReasonOf(error) }),
        );
        return { ...tried, took_ms: clock.monotonic() - begin };
      },
    },
    async stop() {
      stopWatching();
      await Promise.all(notifiers.map((notifier) => notifier.stop()));
    },
  };
}

function channelsOf(
  { clock, http, mail }: NotifyParts,
  { webhooks, notify, campuses }: Pick<CloudConfig, 'webhooks' | 'notify' | 'campuses'>,
): Channel[] {
  const missing = (what: string) => () => Promise.reject(new Error(`this cloud was given no ${what}`));
  const overHttp = http ?? { request: missing('HTTP') };
  const words = { names: namesOf(campuses), timeZone: notify.time_zone };
  return [
    ...webhooks.map((webhook) => webhookChannel(webhook, { http: overHttp, clock })),
    ...notify.channels.map((channel) => {
      if (channel.kind === 'webhook') return webhookChannel(channel, { http: overHttp, clock });
      if (channel.kind === 'smtp')
        return mailChannel(channel, { mail: mail ?? { send: missing('mail') }, ...words });
      return robotChannel(channel, { http: overHttp, clock, ...words });
    }),
  ];
}
