/** Every word of the page. A figure in a sentence is a parameter, so that each language has its own order. */
export const zh = {
  product: '钟楼',
  pageLanguage: '语言',
  theme: '外观',
  themeAuto: '跟随系统',
  themeLight: '浅色',
  themeDark: '深色',

  live: '实时',
  starting: '正在连接…',
  lostTitle: (since: string) => `自 ${since} 起与服务器失去连接`,
  lostNever: '还没有连上服务器',
  lostDetail: (tries: number) => `以下是断开时的样子，不是现在。正在第 ${tries} 次重新连接…`,
  lostShort: '已断开',

  alarm: '报警',
  fault: '故障',
  offline: '离线',
  unknown: '未知',
  maintenance: '维护',
  good: '正常',

  real: '真实',
  test: '测试',
  drill: '演练',
  probe: '探测',
  notReal: (word: string) => `${word} · 不是真实报警`,

  press: '一键报警',
  longPress: '长按报警',
  secondPress: '再次报警',
  testSignal: '测试信号',
  smoke: '烟感报警',

  button: '一键报警按钮',
  camera: '摄像机',
  smokeDetector: '烟感',
  directPath: '直连 110 通道',
  otherDevice: '设备',
  gatewayOf: (campus: string) => `${campus}网关`,

  // The sentence
  comma: '，',
  stop: '。',
  saidNothingYet: '正在读取现状',
  saidLost: (since: string) => `${since} 之后的情况不明`,
  saidUndelivered: (where: string, others: number) =>
    `${where} 报警${others > 0 ? `（另有 ${others} 起）` : ''}，110 还没有收到`,
  saidCentreSilent: (since: string | null) => `110 没有应答${since ? `，自 ${since} 起` : ''}`,
  saidCentreUnknown: '110 是否应答还不清楚',
  saidNoCentre: '没有设置 110 接警中心',
  saidCentreAnswers: (time: string | null) => `110 应答${time ? ` ${time}` : '正常'}`,
  saidGatewayOffline: (where: string, others: number) =>
    others > 0 ? `${where}等 ${others + 1} 个网关失去联系` : `${where}失去联系`,
  saidOneDevice: (where: string, state: string) => `${where} ${state}`,
  saidDevices: (count: number, state: string) => `${count} 台${state}`,
  saidAllGood: (count: number) => `全部 ${count} 台设备正常`,
  saidThen: '。',
  saidRestGood: (good: number, all: number) => `${all} 台设备中 ${good} 台正常`,
  saidNoDevices: '还没有设备报到',
  saidAllDelivered: (count: number, span: string) => `${span}的 ${count} 起真实报警都已送达 110`,
  saidWaiting: (undelivered: number, count: number, span: string) =>
    `${span}的 ${count} 起真实报警中 ${undelivered} 起还没有送达 110`,
  saidQuiet: (span: string) => `${span}没有真实报警`,
  saidBreach: (p99: string, bound: string) => `最慢的 1% 用了 ${p99}，超过上限 ${bound}`,
  saidOpenAlerts: (count: number) => `${count} 条告警未消除`,
  lastSpan: (span: string) => `最近 ${span}`,

  // Alarms
  newestAlarms: '最新信号',
  noAlarms: '还没有信号。按下按钮后几十毫秒就会出现在这里。',
  centreHas: (time: string | null) => `110 已收到${time ? `，用时 ${time}` : ''}`,
  centreHasNot: '110 还没有收到',
  sendingToCentre: '正在送往 110…',
  callByVoice: '请立即拨打 110 语音报警',
  reachedSoFar: (stage: string) => `目前走到：${stage}`,
  elapsed: (time: string) => `已过 ${time}`,
  othersInAlarm: (count: number) => `其他 ${count} 起 ▸`,
  fold: '收起',
  late: '晚到',
  lateLong: '超过五分钟才送达',
  crossedRestart: '途中有重启，用时按挂钟计算',
  lampReceived: '按钮灯：已收到',
  lampDelivered: '按钮灯已亮',
  lampFailed: '按钮灯：未送达',
  lampWaiting: '按钮灯未回报',
  waterfallOf: (where: string) => `${where} 的用时瀑布`,
  pressed: '按下',
  gateway: '网关',
  cloud: '云端',
  centre: '110',
  lampHop: '按钮灯',
  total: '按下到 110',
  bound: (time: string) => `上限 ${time}`,
  stageWaiting: '未到',
  receipts: '接警回执',
  viaCloud: '经云端',
  viaDirect: '直连',
  primaryCentre: '主接警中心',
  reference: (text: string) => `回执号 ${text}`,
  point: (account: string, zone: string, code: string) => `账号 ${account} · 防区 ${zone} · 代码 ${code}`,

  first_byte: '收到首字节',
  decoded: '解码',
  stored_edge: '网关存盘',
  published: '网关发出',
  ingested: '云端收到',
  committed: '云端入库',
  dispatched: '发往 110',
  delivered: '110 已收到',
  lamp: '灯已亮',

  // Centres and latency
  centres: '110 接警中心',
  answering: '应答',
  silent: '没有应答',
  notKnown: '不清楚',
  noCentres: '没有设置接警中心。',
  since: (time: string) => `自 ${time} 起`,
  latency: '送达 110 用时',
  half: '一半以内',
  p95: '95%',
  p99: '99%',
  latencyCount: (count: number, span: string) => `${span} ${count} 起真实报警`,
  latencyUndelivered: (count: number) => `${count} 起未送达，按至今用时计`,
  latencyBreaches: (count: number) => `${count} 起超过上限`,
  latencyRestarts: (count: number) => `${count} 起途中有重启`,
  latencyEmpty: '还没有可统计的真实报警。',
  latencyScale: (p50: string, p95: string, p99: string, bound: string) =>
    `一半在 ${p50} 以内，95% 在 ${p95} 以内，99% 在 ${p99} 以内，上限 ${bound}`,
  overBound: '超过上限',

  // Devices and alerts
  devices: '设备',
  devicesByState: '设备状态',
  noDevices: '还没有设备报到。',
  moreGood: (count: number) => `另有 ${count} 台正常`,
  unlisted: '未登记',
  missing: '未接入',
  stale: '太久没有消息',
  alerts: '最新告警',
  noAlerts: '没有告警。',
  critical: '严重',
  recovered: (time: string) => `${time} 恢复`,

  // Durations
  milliseconds: (n: string) => `${n} 毫秒`,
  seconds: (n: string) => `${n} 秒`,
  minutes: (n: string) => `${n} 分钟`,
  hours: (n: string) => `${n} 小时`,
  days: (n: string) => `${n} 天`,
} as const;

type Widened<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : never;

/** What each language must have: the compiler names a missing one. */
export type Words = { [K in keyof typeof zh]: Widened<(typeof zh)[K]> };
