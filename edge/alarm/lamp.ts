import { type Alarm, type AlarmPath, lampsOf, nothing, reached } from './alarm.ts';

/** A button that has been silent for so long will not confirm its lamp any more. */
const silentMs = 24 * 3600 * 1000;
/** How long the presses of a sum are collected, ms. */
export const sumWindowMs = 10_000;

/**
 * Has the lamp of each of its presses say what it should, until the unit confirms it (`confirmed`). *Received* is
 * said by the host-ack itself.
 */
export function showLamp(path: AlarmPath, alarm: Alarm, confirmed: () => void): void {
  alarm.stop.lamp();
  alarm.stop.lamp = nothing;
  const { record, text } = alarm;
  const { device } = record.facts;
  const origins = lampsOf(record);
  const lamp = path.lampOf(device);
  const state = record.lamp;
  if (origins.length === 0 || !lamp || state === 'received' || state === record.lamp_confirmed || path.closed)
    return;
  const dark = new Set(origins);
  const stops = origins.map((origin) =>
    lamp(device, origin, state, (at) => {
      dark.delete(origin);
      if (dark.size > 0 || alarm.left || record.lamp !== state || record.lamp_confirmed === state) return;
      record.lamp_confirmed = state;
      if (state === 'delivered') reached(alarm, 'lamp', at);
      path.log.info('lamp confirmed', { alarm: text, lamp: state, ms: record.stages.lamp });
      confirmed();
    }),
  );
  alarm.stop.lamp = () => stops.forEach((stop) => stop());
}

/** Calls `failed` when people have waited `failedAfterMs` for it; a sum has its window on top, in which nothing is sent. */
export function armFailed(path: AlarmPath, alarm: Alarm, failed: () => void): void {
  alarm.stop.failed();
  const { record, waitedFrom } = alarm;
  if (record.delivered || record.ended || record.lamp === 'failed' || lampsOf(record).length === 0) return;
  const held = record.facts.type === 'sum' ? sumWindowMs : 0;
  const due = waitedFrom + held + path.failedAfterMs - path.clock.monotonic();
  alarm.stop.failed = path.clock.after(Math.max(0, due), failed);
}

/** Nothing more is to be expected of the lamp: confirmed, or there is none, or the unit has been silent (or another is in its place) for a day. */
export function lampIsDone(path: AlarmPath, { record }: Alarm): boolean {
  const { device, mode } = record.facts;
  const presses = lampsOf(record);
  if (presses.length === 0 || record.lamp_confirmed === 'delivered') return true;
  if (record.ended && !record.delivered && (mode !== 'real' || record.lamp_confirmed === 'failed'))
    return true;
  const units = presses.map(({ serial }) => serial);
  return path.lampOf(device) === undefined || path.silentFor(device, units) >= silentMs;
}
