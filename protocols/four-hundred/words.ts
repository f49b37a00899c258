import { Temporal } from 'temporal-polyfill';
import { type Choices, postKinds, zoneKinds } from '../inventory/tables/choices.ts';
import type { Bilingual } from '../messages/bilingual.ts';

/** Why a part is judged as it is, with {parameters}: {ms} is a length of time, {since}, {from}, {to}, {at} are moments. */
const words = {
  maintenance: ['维护中（{reason}），预计 {to} 结束', 'in maintenance ({reason}) until {to}'],
  'not-measured': ['钟楼自身有 {ms} 没有测量', 'Belfry itself was not measuring for {ms}'],

  alive: ['在线正常', 'alive'],
  'never-heard': ['还从未听到它', 'never heard yet'],
  silent: ['自 {since} 起没有任何消息', 'nothing is known of it since {since}'],
  'cut-off': ['自 {since} 起网关失联', 'its gateway is cut off since {since}'],
  offline: ['自 {since} 起离线{reason}', 'offline since {since}{reason}'],
  fault: ['自 {since} 起有故障{reason}', 'faulty since {since}{reason}'],
  missing: ['清单里有，网关却说没有这台设备', 'in the inventory, but its gateway has no such device'],

  'guards-on-roll': [
    '在册专职保安 {have} 名，要求 {need} 名',
    '{have} guards on the roll, {need} are required',
  ],
  'post-there': ['设有岗位（{kind}）', 'there is such a post ({kind})'],
  'post-missing': ['没有岗位（{kind}）', 'there is no such post ({kind})'],
  'not-due': ['此刻无需在岗', 'not due now'],
  manned: ['有人在岗', 'manned'],
  unmanned: ['无人在岗', 'nobody is on the post'],
  'no-terminal': ['岗位没有打卡终端', 'the post has no terminal'],
  rounds: ['{date} 巡查 {done} 轮，要求 {need} 轮', '{done} rounds on {date}, {need} are required'],
  'no-school': ['{date} 不上课', 'no school on {date}'],
  'no-patrol-points': ['没有列出巡查点', 'no patrol points are listed'],
  'reader-silent': ['{date} 巡查读卡器有 {ms} 没有消息', 'a patrol reader was silent for {ms} on {date}'],
  'polls-missed': ['查岗 {asked} 次，应答 {answered} 次', '{answered} of {asked} duty polls were answered'],
  'polls-answered': ['查岗 {asked} 次，全部应答', 'all {asked} duty polls were answered'],
  'polls-few': ['查岗只有 {asked} 次，要求 {need} 次', 'only {asked} duty polls, {need} are required'],

  'gates-listed': ['列出 {have} 个大门，要求 {need} 个', '{have} gates are listed, {need} are required'],
  'fence-listed': [
    '列出 {have} 段围墙，要求 {need} 段',
    '{have} pieces of fence are listed, {need} are required',
  ],
  'watched-barrier': ['装有门磁、道闸或周界探测器', 'a contact, barrier or beam watches it'],
  'unwatched-barrier': ['没有门磁、道闸或周界探测器', 'no contact, barrier or beam watches it'],
  'contact-unknown': ['还不知道是开是关', 'whether it is open is not known'],
  closed: ['已关闭', 'closed'],
  'open-in-window': ['在上学、放学时段内开放', 'open in its window'],
  'just-opened': ['{since} 打开，还在允许的时间内', 'opened at {since}, within the time allowed'],
  open: ['自 {since} 起在不该开放时开着', 'open since {since} when it should be closed'],
  quiet: ['没有无说明的开启', 'no unexplained opening'],
  unexplained: ['有 {count} 次开启没有说明', '{count} openings are not explained'],
  unwatched: [
    '有 {ms} 没有被看守，期间是否开启无从得知',
    'unwatched for {ms}: whether it was opened then is not known',
  ],

  'zone-there': ['有这类区域（{kind}）', 'there is such a zone ({kind})'],
  'zone-missing': ['没有列出这类区域（{kind}）', 'no such zone is listed ({kind})'],
  listed: ['在清单里', 'in the inventory'],
  'button-there': ['装有一键报警', 'a one-key alarm is there'],
  'button-missing': ['没有一键报警', 'there is no one-key alarm'],
  'in-view': ['按设计全部在画面内', 'all of it is in view, as planned'],
  'no-view': ['没有摄像机看到它', 'no camera sees it'],
  blind: ['按设计就有 {blind_m2} 平方米看不到', '{blind_m2} m² of it are in no view, even as planned'],
  seen: ['全部看得到', 'all of it is seen'],
  unseen: ['现在有 {blind_m2} 平方米看不到', '{blind_m2} m² of it are unseen now'],
  'clock-right': ['时钟准确', 'its clock is right'],
  'clock-wrong': [
    '时钟偏差 {offset_s} 秒，允许 {within} 秒',
    'its clock is off by {offset_s} s, {within} s are allowed',
  ],
  'clock-unknown': ['时钟是否准确未知', 'whether its clock is right is not known'],
  'picture-good': ['画面正常', 'its picture is good'],
  'picture-bad': ['画面不正常{reason}', 'its picture is bad{reason}'],
  'picture-unknown': ['画面是否正常未知', 'whether its picture is good is not known'],
  proved: ['{at} 已验证', 'proved at {at}'],
  'never-proved': ['从未验证到 110（{route}）', 'never proved through to 110 ({route})'],
  'proof-failed': ['上次验证只到 {proved}（{route}）', 'the last proof came only to: {proved} ({route})'],
  'proof-slow': [
    '上次验证用了 {latency_ms} 毫秒，限 {within_ms} 毫秒',
    'the last proof took {latency_ms} ms, the bound is {within_ms} ms',
  ],
  'proof-overdue': [
    '上次验证在 {at}，超过 {every_days} 天',
    'last proved at {at}, more than {every_days} days ago',
  ],
  'recording-long': [
    '录像可回溯 {days} 天，要求 {need} 天',
    'its recording reaches back {days} days, {need} are required',
  ],
  'recording-short': [
    '录像只能回溯 {days} 天，要求 {need} 天',
    'its recording reaches back only {days} days, {need} are required',
  ],
  'recording-unknown': ['录像可回溯多少天未知', 'how far its recording reaches back is not known'],

  'windows-there': ['有大门，也有上学、放学时段', 'there are gates, and windows of arrival and dismissal'],
  'windows-missing': [
    '缺少大门，或上学、放学时段',
    'gates, or windows of arrival and dismissal, are missing',
  ],
  rostered: [
    '{window} 排班 {have} 个角色，要求 {need} 个',
    '{have} of {need} roles are rostered for {window}',
  ],
  crossing: [
    '{from} 的时段按时到岗 {have} 个角色，要求 {need} 个',
    '{have} of {need} roles were there in time in the window of {from}',
  ],
  'holidays-unknown': [
    '{date} 那一年的节假日安排还没有导入',
    'the public holidays of the year of {date} are not in the list yet',
  ],
  'no-window': ['还没有过这么多时段', 'there have not been so many windows yet'],
} as const satisfies Record<string, readonly [zh: string, en: string]>;
export type Code = keyof typeof words;
export const codes = Object.keys(words) as Code[];

/** What people call the values of a parameter; windows and dates that people named themselves stay as they are. */
const called: Readonly<Record<string, Choices>> = {
  kind: { ...zoneKinds, ...postKinds },
  window: { arrival: { zh: '上学时段', en: 'arrival' }, dismissal: { zh: '放学时段', en: 'dismissal' } },
  route: { cloud: { zh: '经云端', en: 'by the cloud' }, direct: { zh: '直连', en: 'directly' } },
  proved: {
    nothing: { zh: '没有一处', en: 'nowhere' },
    edge: { zh: '校内网关', en: 'the gateway' },
    cloud: { zh: '云端', en: 'the cloud' },
    door: { zh: '110 门口', en: 'the door of 110' },
    centre: { zh: '110', en: '110' },
  },
};

type Value = number | string | Bilingual;
const moments = new Set(['since', 'from', 'to', 'at']);

/** Why, for people: moments in the campus's time zone. */
export function sentence(code: Code, params: Readonly<Record<string, Value>>, timeZone: string): Bilingual {
  const [zh, en] = words[code];
  return { zh: filled(zh, params, 'zh', timeZone), en: filled(en, params, 'en', timeZone) };
}

function filled(
  text: string,
  params: Readonly<Record<string, Value>>,
  language: keyof Bilingual,
  timeZone: string,
): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) return '';
    if (typeof value === 'object') return `${language === 'zh' ? '：' : ': '}${value[language]}`;
    if (typeof value === 'string') return called[name]?.[value]?.[language] ?? value;
    if (name === 'ms') return lengthText(value, language);
    if (moments.has(name)) return momentText(value, timeZone);
    return String(Math.round(value * 100) / 100);
  });
}

function momentText(at: number, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(timeZone);
  return `${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: 'minute' })}`;
}

function lengthText(ms: number, language: keyof Bilingual): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const units = language === 'zh' ? ([' 小时', ' 分', ' 秒'] as const) : ([' h', ' min', ' s'] as const);
  if (hours > 0) return minutes === 0 ? `${hours}${units[0]}` : `${hours}${units[0]} ${minutes}${units[1]}`;
  return minutes > 0 ? `${minutes}${units[1]}` : `${seconds}${units[2]}`;
}
