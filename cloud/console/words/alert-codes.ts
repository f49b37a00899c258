import type { AlertCode } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

/** What each kind of alert is called. */
export const codeNames: Record<AlertCode, Bilingual> = {
  'gateway-offline': { zh: '网关失联', en: 'Gateway cut off' },
  'gateway-stopped': { zh: '网关被停止', en: 'Gateway stopped' },
  'gateway-notice': { zh: '网关提示', en: 'Notice of a gateway' },
  'device-offline': { zh: '设备离线', en: 'Device offline' },
  'device-fault': { zh: '设备故障', en: 'Device fault' },
  'centre-silent': { zh: '接警中心没有应答', en: 'Centre does not answer' },
  'centre-refused': { zh: '接警中心拒收', en: 'Centre refuses' },
  'alarm-undelivered': { zh: '报警未送达', en: 'Alarm not delivered' },
  'alarm-late': { zh: '报警晚到', en: 'Alarm late' },
  'alarm-unreadable': { zh: '报警无法读取', en: 'Alarm unreadable' },
  'latency-breach': { zh: '用时超过上限', en: 'Latency over its bound' },
  'identity-conflict': { zh: '网关身份冲突', en: 'Conflict of identities' },
  'wrong-centre': { zh: '接警中心不符', en: 'Wrong centre' },
  'drill-unknown': { zh: '未申报的演练', en: 'Drill that nobody declared' },
  'drill-end-unanswered': { zh: '演练结束没有确认', en: 'End of a drill unanswered' },
  'probe-failed': { zh: '巡检失败', en: 'Probe failed' },
  unproved: { zh: '很久没有验证', en: 'Not proved for long' },
  overloaded: { zh: '系统过载', en: 'Overloaded' },
  'telemetry-gap': { zh: '数据缺口', en: 'Gap in telemetry' },
  'telemetry-unavailable': { zh: '数据存储不可用', en: 'Telemetry store unavailable' },
};
