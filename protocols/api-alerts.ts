import { z } from 'zod';
import { bilingual } from './messages/bilingual.ts';
import { id, mode } from './signal.ts';

export { isAboutAlarm } from './about-alarm.ts';

export const alertCode = z.enum([
  'gateway-offline',
  'device-offline',
  'device-fault',
  'centre-silent',
  'centre-refused',
  'alarm-undelivered',
  'alarm-late',
  'latency-breach',
  'alarm-unreadable',
  'identity-conflict',
  'gateway-notice',
  'wrong-centre',
  'drill-unknown',
  'drill-end-unanswered',
  'probe-failed',
  'unproved',
  'overloaded',
  'telemetry-gap',
  'telemetry-unavailable',
  'gateway-stopped',
]);
export type AlertCode = z.infer<typeof alertCode>;
export const alertSeverity = z.enum(['critical', 'warning']);

/** Who keeps an alert quiet, until when (UTC ms), and why. */
const quiet = z.object({ id: z.int(), by: z.string(), until: z.int(), reason: z.string() });

export const apiAlert = z.object({
  id: z.int(),
  code: alertCode,
  severity: alertSeverity,
  /** What it is about: a device, a gateway, a centre, an alarm's name. One open alert for a code and subject. */
  subject: z.string(),
  /** Where that is, as far as it is anywhere. */
  campus: id.nullable(),
  gateway: id.nullable(),
  device: id.nullable(),
  /** Of the alarm that it is about; null: it is about none. Only `real` is an emergency. */
  mode: mode.nullable(),
  /** `maintenance` and `silenced` for as long as that lasts; both come before `acknowledged`. */
  state: z.enum(['open', 'acknowledged', 'silenced', 'maintenance', 'closed']),
  /** How often people were told again since it opened. */
  repeats: z.int(),
  /** Steps of the escalation that were taken because nobody acknowledged it. */
  escalated: z.int(),
  text: bilingual,
  opened_at: z.int(),
  closed_at: z.int().nullable(),
  acknowledged: z.object({ by: z.string(), at: z.int(), note: z.string().nullable() }).nullable(),
  silenced: quiet.nullable(),
  maintenance: quiet.nullable(),
});
export type ApiAlert = z.infer<typeof apiAlert>;

/** A promise not to call people about one code and subject for a while: also when it closes and opens again. */
export const apiSilence = z.object({
  id: z.int(),
  code: alertCode,
  subject: z.string(),
  /** Of the alert as it was: should it open again as something worse, that is told. */
  severity: alertSeverity,
  campus: id.nullable(),
  reason: z.string(),
  by: z.string(),
  from: z.int(),
  until: z.int(),
  ended: z.object({ by: z.string(), at: z.int() }).nullable(),
});
export type ApiSilence = z.infer<typeof apiSilence>;

/** Declared work on site. `gateway` null: the whole campus; `devices` null: all of them, and the gateway itself. */
export const apiMaintenance = z.object({
  id: z.int(),
  campus: id,
  gateway: id.nullable(),
  devices: z.array(id).nullable(),
  reason: z.string(),
  by: z.string(),
  declared_at: z.int(),
  from: z.int(),
  until: z.int(),
  ended: z.object({ by: z.string(), at: z.int() }).nullable(),
});
export type ApiMaintenance = z.infer<typeof apiMaintenance>;

/** Whether a window of maintenance covers this place at that time (UTC ms). */
export function covers(
  window: Pick<ApiMaintenance, 'campus' | 'gateway' | 'devices' | 'from' | 'until' | 'ended'>,
  place: { campus: string | null; gateway: string | null; device: string | null },
  at: number,
): boolean {
  if (at < window.from || at >= window.until || window.ended !== null) return false;
  // What is about no machine (how long alarms of a campus take) is nobody's work on site.
  if (place.campus !== window.campus || place.gateway === null) return false;
  if (window.gateway === null) return true;
  if (place.gateway !== window.gateway) return false;
  return window.devices === null || (place.device !== null && window.devices.includes(place.device));
}

/**
 * Open alerts that have one cause. `platform`: every gateway of several campuses at once; `campus`: every gateway of
 * one (its link); `gateway`; `wire`: devices that share a bus or an adapter; `single`: it stands for itself.
 */
export const apiAlertGroup = z.object({
  cause: z.object({
    kind: z.enum(['platform', 'campus', 'gateway', 'wire', 'single']),
    /** Unique among the groups of one answer. */
    key: z.string(),
    text: bilingual,
  }),
  severity: alertSeverity,
  opened_at: z.int(),
  campuses: z.array(id),
  /** Devices whose state is unknown or lost by it. */
  devices: z.int(),
  /** All of them acknowledged, silenced or under maintenance. */
  attended: z.boolean(),
  /** The cause's own first. */
  alerts: z.array(apiAlert),
});
export type ApiAlertGroup = z.infer<typeof apiAlertGroup>;

/** How many alerts opened in each ten minutes (`at`: their beginning), the newest last. */
export const apiAlertLoad = z.object({
  from: z.int(),
  to: z.int(),
  items: z.array(z.object({ at: z.int(), opened: z.int() })),
  mean: z.number(),
  most: z.int(),
  /** ISA-18.2 (EEMUA 191): more than ten in ten minutes is a flood that one person cannot follow. */
  floods: z.int(),
  flood_from: z.int(),
});

/** A way by which people are told. */
export const apiChannel = z.object({
  id,
  kind: z.enum(['webhook', 'smtp', 'dingtalk', 'wecom', 'feishu']),
  language: z.enum(['zh', 'en', 'both']),
  /** Notices that it has not been told yet; those held for a silence, maintenance or its hours among them. */
  waiting: z.int(),
  /** Notices that were given up, or left a full queue (never one about an alarm), since this cloud started. */
  lost: z.int(),
  /** The last message since this cloud started, and the other side's own words. */
  last: z.object({ at: z.int(), ok: z.boolean(), answer: z.string() }).nullable(),
});

/** What the other side of a channel answered to a trial. */
export const apiChannelTrial = z.object({ ok: z.boolean(), answer: z.string(), took_ms: z.number() });

const language = z.enum(['zh', 'en', 'both']);

/** Who is told what and when, and who when nobody cares: of the cloud's file. What is left out holds for all. */
export const apiNotifyRules = z.object({
  time_zone: z.string(),
  rules: z.array(
    z.object({
      channels: z.array(id).optional(),
      severity: alertSeverity,
      codes: z.array(alertCode).optional(),
      campuses: z.array(id).optional(),
      hours: z.object({ from: z.string(), to: z.string(), days: z.array(z.string()) }).optional(),
      language: language.optional(),
    }),
  ),
  escalation: z
    .object({
      steps: z.array(z.object({ after_min: z.number(), channels: z.array(id) })),
      repeat_min: z.number(),
      at_most: z.int(),
    })
    .nullable(),
});
export type ApiNotifyRules = z.infer<typeof apiNotifyRules>;
export type ApiChannel = z.infer<typeof apiChannel>;
