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
  signedOff: {
    zh: '设备未连接网关自带的 MQTT 服务：请检查设备的电源、网络，以及设备中填写的服务器地址和端口。',
    en: "It is not connected to the gateway's broker: check its supply, its network, and the broker's address and port in it.",
  },
  wrongPassword: (username: string, from: string): Bilingual => ({
    zh: `来自 ${from} 的设备以账号 ${username} 登录，密码错误：请在设备中重新填写密码，或用 belfry credential 生成新密码。`,
    en: `At ${from} somebody signs in as ${username} with a wrong password: set the password in the device again, or make a new one with belfry credential.`,
  }),
  foreignTopic: (topic: string): Bilingual => ({
    zh: `其账号在不属于它的主题 ${topic} 上发布消息，已丢弃：请检查设备中的主题设置和 edge.yaml 中的 name。`,
    en: `Its login publishes on ${topic}, which is not its own, and that was dropped: check the topic in the device and its name in edge.yaml.`,
  }),
  flood: (perSecond: number): Bilingual => ({
    zh: `其账号每秒发送的消息超过 ${perSecond} 条，已被限速：请检查设备的上报间隔或是否故障。`,
    en: `Its login sends more than ${perSecond} messages a second and is held to that: check its reporting interval, or whether it is broken.`,
  }),
  notListening: (reason: string): Bilingual => ({
    zh: `网关自带的 MQTT 服务无法启动（${reason}）：请检查端口是否被占用、证书是否正确。`,
    en: `The gateway's broker cannot listen (${reason}): check whether another program has its port, and its certificate.`,
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
