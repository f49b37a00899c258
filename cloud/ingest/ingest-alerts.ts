import { parseTopic } from '#protocols/messages/topics.ts';
import type { AlertText } from '../alerts/alerts.ts';
import { gatewayCalled, type Names, type Point, pointCalled } from '../names.ts';

/** `reason` is technical: it is for whoever mends the gateway, and stands in the quarantine as well. */
export function unreadable(topic: string, gateway: string, reason: string, names: Names): AlertText {
  const campus = parseTopic(topic)?.campus;
  const who =
    campus === undefined
      ? { zh: `网关 ${gateway} `, en: `gateway ${gateway}` }
      : gatewayCalled(names, campus, gateway);
  return {
    code: 'alarm-unreadable',
    severity: 'critical',
    subject: gateway,
    text: {
      zh: `${who.zh} 发来一条无法读取的报警，将由它直接送往接警中心。请检查该网关的版本。`,
      en: `${who.en} sent an alarm that cannot be read (${reason}); it will deliver it directly. Check that gateway's version.`,
    },
  };
}

export function identityConflict(at: Point, names: Names): AlertText {
  const [who, where] = [gatewayCalled(names, at.campus, at.gateway), pointCalled(names, at)];
  return {
    code: 'identity-conflict',
    severity: 'critical',
    subject: at.gateway,
    text: {
      zh: `${who.zh} 用同一个名字报了两起不同的报警（后一起来自 ${where.zh}），可能有两台网关使用同一张存储卡的副本。两起报警均已处理。`,
      en: `${who.en} gave two different alarms one name (the later is from ${where.en}): perhaps two gateways run from copies of one card. Both are served.`,
    },
  };
}

/** Only telemetry waits; what is alarmed does not. */
export function overloaded(): AlertText {
  return {
    code: 'overloaded',
    severity: 'warning',
    subject: 'telemetry',
    text: {
      zh: '云端来不及存储测量数据，已请各网关放慢。报警不受影响。',
      en: 'The cloud cannot store measured values as fast as they come; gateways were asked to slow down. Alarms are not affected.',
    },
  };
}
