import type { MqttLink, Ports } from '#platform/ports.ts';
import { receiptLaneMessage, type ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import { topicOf } from '#protocols/messages/topics.ts';
import { parsePayload } from './payload.ts';

export interface AlarmLinkEvents {
  onUp(): void;
  onDown(): void;
  onReceipt(message: ReceiptLaneMessage): void;
}

export interface AlarmLink {
  readonly up: boolean;
  /** It was tried and is not there: unlike at a start, when it has not been tried yet. */
  readonly down: boolean;
  /** Rejects when the broker did not take it. */
  publish(payload: string): Promise<void>;
  close(): Promise<void>;
}

/** The alarms' own connection: nothing but the alarm lane up and the receipt lane down. */
export function connectAlarmLink(
  ports: Ports,
  { campus, gateway }: { campus: string; gateway: string },
  events: AlarmLinkEvents,
): AlarmLink {
  const { log } = ports;
  const lane = topicOf(campus, gateway, 'alarm');
  let down = false;
  const link: MqttLink = ports.mqtt.connect({
    clientId: `${gateway}-alarm`,
    subscribe: [topicOf(campus, gateway, 'receipt')],
    onUp() {
      down = false;
      log.info('the alarm link is up');
      events.onUp();
    },
    onDown(reason) {
      down = true;
      log.warn('the alarm link is down', { reason });
      events.onDown();
    },
    onMessage(topic, payload) {
      const message = parsePayload(receiptLaneMessage, payload);
      if (message.ok) events.onReceipt(message.value);
      else log.warn('a receipt cannot be read', { topic, reason: message.reason });
    },
  });
  return {
    get up() {
      return link.up;
    },
    get down() {
      return down;
    },
    publish: (payload) => link.publish(lane, payload),
    close: () => link.close(),
  };
}
