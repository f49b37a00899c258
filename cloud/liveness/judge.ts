import type { z } from 'zod';
import type { deviceState } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';

export interface Verdict {
  state: z.infer<typeof deviceState>;
  reason: Bilingual | null;
}

/** How many heartbeat intervals without proof of life make a device silent. */
const silentAfterBeats = 3;

export function silenceBoundMs(report: DeviceReport): number {
  return report.heartbeat_s * 1000 * silentAfterBeats;
}

/**
 * What can be said of a device now. A gateway that is not online says nothing of its devices: they are
 * unknown, whatever was last known. A closed line is shown at once; people are told when silence follows.
 */
export function judge(
  gateway: 'online' | 'offline' | 'unknown',
  report: DeviceReport | null,
  silent: boolean,
): Verdict {
  if (gateway === 'offline') return unknown('它的网关失联', 'its gateway is cut off');
  if (gateway === 'unknown') {
    return unknown('云端启动后，它的网关还没有报到', 'its gateway has not reported since the cloud started');
  }
  if (report === null) return unknown('网关的配置里没有它', "the gateway's file does not name it");
  if (report.health?.state === 'offline') return report.health;
  if (silent) {
    const seconds = Math.round(silenceBoundMs(report) / 1000);
    return {
      state: 'offline',
      reason: report.line_open
        ? { zh: `${seconds} 秒没有任何动静`, en: `no sign of life for ${seconds} s` }
        : {
            zh: `线路不通，${seconds} 秒没有任何动静`,
            en: `its line is down, no sign of life for ${seconds} s`,
          },
    };
  }
  if (report.health?.state === 'fault') return report.health;
  if (report.heard_ago_ms === null && report.health === null) {
    return report.line_open
      ? unknown('网关启动后还没有听到它', 'not heard since its gateway started')
      : unknown('线路还没有接通', 'its line is not open yet');
  }
  if (!report.line_open) {
    return { state: 'fault', reason: { zh: '线路不通', en: 'its line is down' } };
  }
  return { state: 'good', reason: null };
}

function unknown(zh: string, en: string): Verdict {
  return { state: 'unknown', reason: { zh, en } };
}
