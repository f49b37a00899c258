import type { z } from 'zod';
import { type AlarmLaneMessage, alarmLaneMessage } from '#protocols/messages/alarm.ts';
import { type TopicParts, parseTopic } from '#protocols/messages/topics.ts';
import { digestOf } from '#protocols/signal.ts';

/** What a message says, or in one sentence why it cannot be read. */
export type Reading<T> = { ok: true; at: TopicParts; message: T } | { ok: false; reason: string };

/** Reads JSON of a schema on a topic of ours, version 1. */
export function read<T>(schema: z.ZodType<T>, topic: string, payload: Uint8Array): Reading<T> {
  const at = parseTopic(topic);
  if (at === null) return { ok: false, reason: 'the topic is none of ours' };
  if (at.version !== 'v1') {
    return { ok: false, reason: `version ${at.version} is not spoken here: expected v1` };
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    return { ok: false, reason: `not JSON: ${(error as Error).message}` };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, at, message: parsed.data };
  const where = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { ok: false, reason: where.join('; ') };
}

/** An alarm or report must also be its gateway's own, and its digest that of its facts. */
export function readAlarmLane(topic: string, payload: Uint8Array): Reading<AlarmLaneMessage> {
  const reading = read(alarmLaneMessage, topic, payload);
  if (!reading.ok) return reading;
  const { at, message } = reading;
  if (message.name.gateway !== at.gateway) {
    return {
      ok: false,
      reason: `a signal of gateway ${message.name.gateway} on the topic of gateway ${at.gateway}`,
    };
  }
  if (message.kind === 'alarm' && digestOf(message.facts) !== message.digest) {
    return { ok: false, reason: 'the digest is not that of the facts' };
  }
  return reading;
}
