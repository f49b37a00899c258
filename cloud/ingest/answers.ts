import type { Clock, Log } from '#platform/ports.ts';
import type { AlarmReceipt, ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import { topicOf } from '#protocols/messages/topics.ts';
import { nameText } from '#protocols/signal.ts';
import type { Store } from '../store/store.ts';
import type { Held } from './held.ts';

/** The way back: what the cloud says of alarms. Nothing is queued: who does not hear it will ask again. */
export interface Answers {
  /**
   * Answers one copy (or report) with the state held, where its gateway listens: on the campus that it asked from, which
   * may have another id since the alarm came in.
   */
  answer(held: Held, asked: { campus: string; receivedAt: number; sentAt: number }): void;
  /** Tells the names of a press the state held, unasked: 110 has just answered. */
  tell(names: readonly Held[]): void;
  /** Publishes on any receipt topic; `topic` may be of another version. */
  publish(topic: string, message: ReceiptLaneMessage): void;
}

export function createAnswers(parts: {
  clock: Clock;
  log: Log;
  store: Store;
  /** Publishes on the alarm link, if it is up. */
  publish(topic: string, message: ReceiptLaneMessage): void;
}): Answers {
  const { clock, log, store, publish } = parts;

  function send(held: Held, campus: string, receivedAt: number, echo: number | null): void {
    const receipt: AlarmReceipt = {
      kind: 'alarm-receipt',
      cloud_epoch: store.epoch,
      received_at: Math.round(receivedAt),
      sent_at: Math.round(clock.wall()),
      name: held.name,
      digest: held.digest,
      state: held.delivered ? 'delivered' : held.ended ? 'ended' : 'stored',
      centres: held.centres,
      echo_sent_at: echo,
      reported: held.reported,
      log_head: held.logHead,
    };
    publish(topicOf(campus, held.name.gateway, 'receipt'), receipt);
  }

  return {
    publish,
    answer: (held, { campus, receivedAt, sentAt }) => send(held, campus, receivedAt, sentAt),
    tell(names) {
      for (const held of names) {
        log.info(held.delivered ? 'delivered' : held.ended ? 'ended' : 'stored', {
          alarm: nameText(held.name),
        });
        send(held, held.campus, clock.wall(), null);
      }
    },
  };
}
