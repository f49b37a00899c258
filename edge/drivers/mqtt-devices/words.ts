import type { Bilingual } from '#protocols/messages/bilingual.ts';

/** What can be wrong with a device behind a broker, for a technician. */
export const words = {
  bridgeDown: (system: Bilingual): Bilingual => ({
    zh: `${system.zh} 已停止运行：请检查其主机和协调器。`,
    en: `${system.en} does not run: check its machine and its radio.`,
  }),
  away: (system: Bilingual): Bilingual => ({
    zh: `${system.zh} 报告设备离线：请检查设备的电池、电源和信号。`,
    en: `${system.en} says that the device is gone: check its battery, its supply and its radio link.`,
  }),
  low: (name: string, value: number, unit: string): Bilingual => ({
    zh: `${name === 'battery' ? '电池电量' : name}仅剩 ${value} ${unit}：请尽快更换或充电。`,
    en: `Its ${name} is down to ${value} ${unit}: replace or charge it soon.`,
  }),
  strange: (field: string, value: string): Bilingual => ({
    zh: `消息字段 ${field} 的取值 ${value} 无法识别：请核对映射文件与设备型号。`,
    en: `It says ${value} in ${field}, which its mapping does not know: check the mapping against the device.`,
  }),
  unreadable: {
    'too-long': {
      zh: '消息超过 64 KiB，未读取：请检查设备主题是否配置正确。',
      en: 'Its message is longer than 64 KiB and was not read: check that this is the topic of the device.',
    },
    'no-text': {
      zh: '消息不是 UTF-8 文本：请检查设备的消息格式设置。',
      en: 'Its message is no UTF-8 text: check the format that the device is set to.',
    },
    'no-json': {
      zh: '消息不是 JSON：请检查设备的消息格式设置。',
      en: 'Its message is no JSON: check the format that the device is set to.',
    },
  },
};
