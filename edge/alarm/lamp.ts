import type { LampState } from '#protocols/signal.ts';
import { type Alarm, type AlarmPath, nothing, reached } from './alarm.ts';

/** A button that has been silent for so long will not confirm its lamp any more. */
const silentMs = 24 * 3600 * 1000;

/**
 * Has the lamp say what it should, until the unit confirms it (`confirmed`). *Received* is said by the host-ack
 * itself.
 */
export function showLamp(path: AlarmPath, alarm: Alarm, confirmed: () => void): void {
  alarm.stop.lamp();
  alarm.stop.lamp = nothing;
  const { record, text } = alarm;
  const { origin, device } = record.facts;
  const lamp = path.lampOf(device);
  const state = record.lamp;
  if (!origin || !lamp || state === 'received' || state === record.lamp_confirmed || path.closed) return;
  alarm.stop.lamp = lamp(device, origin, state, (at) => {
    if (alarm.left || record.lamp !== state || record.lamp_confirmed === state) return;
    record.lamp_confirmed = state;
    if (state === 'delivered') reached(alarm, 'lamp', at);
    path.log.info('lamp confirmed', { alarm: text, lamp: state, ms: record.stages.lamp });
    confirmed();
  });
}

/** Calls `failed` when the press is `failedAfterMs` old. */
export function armFailed(path: AlarmPath, alarm: Alarm, failed: () => void): void {
  alarm.stop.failed();
  const { origin } = alarm.record.facts;
  if (alarm.record.delivered || origin === null || alarm.record.lamp === ('failed' satisfies LampState))
    return;
  const due = alarm.pressedAt + path.failedAfterMs - path.clock.monotonic();
  alarm.stop.failed = path.clock.after(Math.max(0, due), failed);
}

/** Nothing more is to be expected of the lamp: confirmed, or there is none, or the unit has been silent for a day. */
export function lampIsDone(path: AlarmPath, { record }: Alarm): boolean {
  const { origin, device } = record.facts;
  if (origin === null || record.lamp_confirmed === 'delivered') return true;
  return path.lampOf(device) === undefined || path.silentFor(device) >= silentMs;
}
