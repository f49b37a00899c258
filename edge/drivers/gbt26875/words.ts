import { componentText, componentTypes, systemTypes } from '#protocols/gbt26875/codes.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { SignalType } from '#protocols/signal.ts';

export interface ComponentName {
  componentType: number;
  component: number;
  /** What the panel itself calls the place. */
  text?: string;
}

/** A component as people find it: where, what, and its address at the panel. */
export function componentName({ componentType, component, text }: ComponentName): Bilingual {
  const kind = componentTypes[componentType] ?? {
    zh: `${componentType} 类部件`,
    en: `component of type ${componentType}`,
  };
  const at = componentText(component);
  const place = text ? `${text} ` : '';
  return { zh: `${place}${kind.zh} ${at}`, en: `${place}${kind.en} ${at}` };
}

export function systemName(system: number, address: number): Bilingual {
  const kind = systemTypes[system] ?? { zh: `${system} 类系统`, en: `system of type ${system}` };
  return { zh: `${kind.zh} ${address}`, en: `${kind.en} ${address}` };
}

/** What the fire of such a component is. */
export function signalOf(componentType: number): SignalType {
  if (componentType >= 40 && componentType <= 44) return 'smoke';
  if (componentType >= 30 && componentType <= 37) return 'heat';
  if ((componentType >= 10 && componentType <= 13) || componentType === 81) return 'gas';
  return componentType === 23 ? 'call-point' : 'fire';
}

const said = (zh: string, en: string): Bilingual => ({ zh, en });

/** What can be wrong, each with its sentence for the technician. */
export const faults = {
  deviceFault: said(
    '传输装置自身故障：请到装置处查看故障灯。',
    'The transmission device reports a fault of its own: look at its fault lamp.',
  ),
  deviceMains: said(
    '传输装置主电故障：请检查其 220 V 供电和保险丝。',
    'The transmission device has lost its mains: check its 220 V supply and fuse.',
  ),
  deviceBattery: said(
    '传输装置备电故障：请检查或更换蓄电池。',
    "The transmission device's battery is at fault: check or replace it.",
  ),
  centreLink: said(
    '传输装置报告与监控中心的通信故障：请检查其到各中心的网络。',
    'The transmission device reports its link to a monitoring centre broken: check its network.',
  ),
  monitoredLine: said(
    '传输装置与火灾报警控制器之间的线路故障：请检查该连接线，期间火警可能无法上传！',
    'The line between the transmission device and the fire panel is broken: check that cable; a fire may not get through!',
  ),
  system: (name: Bilingual, what: Bilingual) =>
    said(`${name.zh}${what.zh}，请到控制器处查看。`, `The ${name.en} ${what.en}; look at its panel.`),
  component: (name: Bilingual, what: Bilingual) => said(`${name.zh}${what.zh}。`, `${name.en} ${what.en}.`),
  bytes: (rejected: number, discarded: number) =>
    said(
      `上一分钟有 ${rejected} 帧校验错误、${discarded} 个无效字节：请检查接线、屏蔽和波特率。`,
      `${rejected} damaged frames and ${discarded} bytes of noise in the last minute: check wiring, shield and baud rate.`,
    ),
  notUnderstood: (type: number) =>
    said(
      `传输装置发来本网关无法识别的数据（类型 ${type}）：请核对其协议版本是否为 GB/T 26875.3-2011。`,
      `The transmission device sends data that this gateway cannot read (type ${type}): check that it speaks GB/T 26875.3-2011.`,
    ),
  stranger: (source: number) =>
    said(
      `有未登记的传输装置（源地址 ${source}）接入：其火警不会上送！请在网关配置中登记，或核对装置地址。`,
      `A transmission device with source address ${source} is here and not in the file: its fires go nowhere! Add it, or correct its address.`,
    ),
  clock: said(
    '传输装置没有接受校时：请在装置上核对时间。',
    'The transmission device did not take the time: check its clock on site.',
  ),
} as const;

/** What a state's bits complain of, of a system or of a component. */
export const wrongs = {
  fault: said('报故障', 'reports a fault'),
  masked: said('已被屏蔽，不会报警', 'is masked: it raises no alarm'),
  supply: said('电源故障', 'has lost its supply'),
  mains: said('主电故障', 'has lost its mains'),
  battery: said('备电故障', 'reports its battery at fault'),
  bus: said('总线故障', 'reports its bus at fault'),
} as const;

export const silent = said(
  '传输装置没有任何数据：请检查其电源、网线和监控中心地址设置。',
  'The transmission device says nothing: check its power, its cable and the centre address set in it.',
);
