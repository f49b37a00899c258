import type { AlarmMessage } from '#protocols/messages/alarm.ts';

/** When a message came in, on both clocks of this machine. */
export interface Arrival {
  wall: number;
  monotonic: number;
}

/** Where an alarm lies on the cloud's clocks. */
export interface Placed {
  /** How far the press lay back when this copy came in, ms. */
  ageMs: number;
  /** UTC ms of the press's first byte at the edge, by the cloud's clock. */
  firstByteAt: number;
}

/**
 * Durations first: the button's own count and the edge's monotonic clock. Only where a restart of the edge has
 * broken them is the press placed by instants: by the cloud's clock where the edge knew it, else by two readings of
 * the edge's own. Two machines' wall clocks are never compared without the edge's offset estimate.
 */
export function placeInTime(alarm: AlarmMessage, arrival: Arrival): Placed {
  const { facts, offset, age_at_first_byte_ms: atFirstByte, since_first_byte_ms: since } = alarm;
  if (since !== null) {
    const sentAt = offset === null ? arrival.wall : Math.min(arrival.wall, alarm.sent_at + offset.offset_ms);
    return { ageMs: atFirstByte + since, firstByteAt: sentAt - since };
  }
  const elapsed = (facts.clock_known ? arrival.wall : alarm.sent_at) - facts.occurred_at;
  const ageMs = Math.max(atFirstByte, elapsed);
  return { ageMs, firstByteAt: arrival.wall - (ageMs - atFirstByte) };
}
