import type { Alerts, AlertText } from '../alerts/alerts.ts';
import { campusCalled, type Names } from '../names.ts';
import type { Device, Gateway } from './fleet.ts';

/** What a gateway that is silent or cut off is called by. */
export function gatewayOffline(gateway: Gateway, names: Names): AlertText {
  const campus = campusCalled(names, gateway.campus);
  return {
    code: 'gateway-offline',
    severity: 'critical',
    subject: gateway.id,
    text: {
      zh: `${campus.zh}的网关 ${gateway.id} 失联：它的 ${gateway.devices.size} 台设备状态未知`,
      en: `${campus.en}: gateway ${gateway.id} is cut off; its ${gateway.devices.size} devices are unknown`,
    },
  };
}

/** It said goodbye: somebody stopped it, and nobody's alarm gets through until it is back. */
export function gatewayStopped(gateway: Gateway, names: Names): AlertText {
  const campus = campusCalled(names, gateway.campus);
  return {
    code: 'gateway-stopped',
    severity: 'warning',
    subject: gateway.id,
    text: {
      zh: `${campus.zh}的网关 ${gateway.id} 被人停止：它恢复之前，这里的报警无法送出`,
      en: `${campus.en}: gateway ${gateway.id} was stopped; until it is back no alarm from there gets out`,
    },
  };
}

/** A device whose silence may cost an alarm: people are called at once. */
function carriesAlarms(device: Device): boolean {
  return device.report?.kind !== 'camera';
}

/** Makes the alerts of a device what its state asks for. An unknown device changes nothing that is open. */
export async function settleDeviceAlerts(device: Device, alerts: Alerts, names: Names): Promise<boolean> {
  const { state, reason } = device.verdict;
  if (state === 'unknown') return true;
  const subject = `${device.gateway.id}/${device.id}`;
  const name = names.device(device.gateway.id, device.id);
  const say = (zh: string, en: string) => ({
    zh: `${name?.zh ?? subject}${zh}${reason === null ? '' : `：${reason.zh}`}`,
    en: `${name?.en ?? subject} ${en}${reason === null ? '' : `: ${reason.en}`}`,
  });
  const wanted: AlertText[] = [];
  if (state === 'offline') {
    wanted.push({
      code: 'device-offline',
      severity: carriesAlarms(device) ? 'critical' : 'warning',
      subject,
      text: say('离线', 'is offline'),
    });
  }
  if (state === 'fault' && device.report?.health?.state === 'fault') {
    wanted.push({ code: 'device-fault', severity: 'warning', subject, text: say('故障', 'has a fault') });
  }
  for (const code of ['device-offline', 'device-fault'] as const) {
    const alert = wanted.find((one) => one.code === code);
    if (alert !== undefined) await alerts.raise(alert);
    // A closed line after a silence is no proof of life; only a device that is heard ends its alert.
    else if (state !== 'fault' || device.report?.line_open) await alerts.clear(code, subject);
  }
  return wanted.every((one) => alerts.isOpen(one.code, subject));
}
