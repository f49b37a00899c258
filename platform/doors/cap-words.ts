import type { CapInfo } from '#protocols/cap/alert.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode, SignalType } from '#protocols/signal.ts';

/** What an officer reads of each kind of alarm, and where CAP files it. */
export const eventWords: Record<SignalType, Bilingual & { category: CapInfo['category'][number] }> = {
  press: { zh: '一键报警', en: 'Panic button', category: 'Security' },
  'long-press': { zh: '一键报警（长按）', en: 'Panic button (long press)', category: 'Security' },
  'second-press': { zh: '一键报警（再次按下）', en: 'Panic button (pressed again)', category: 'Security' },
  duress: { zh: '胁迫报警', en: 'Duress alarm', category: 'Security' },
  test: { zh: '一键报警测试', en: 'Panic button test', category: 'Security' },
  sum: { zh: '一键报警（短时间内多次）', en: 'Panic button (many presses)', category: 'Security' },
  probe: { zh: '报警线路巡检', en: 'Check of the alarm path', category: 'Security' },
  panel: { zh: '报警主机报警', en: 'Alarm panel', category: 'Security' },
  fire: { zh: '火灾报警', en: 'Fire alarm', category: 'Fire' },
  smoke: { zh: '烟雾报警', en: 'Smoke alarm', category: 'Fire' },
  heat: { zh: '高温报警', en: 'Heat alarm', category: 'Fire' },
  gas: { zh: '可燃气体报警', en: 'Gas alarm', category: 'Safety' },
  'carbon-monoxide': { zh: '一氧化碳报警', en: 'Carbon monoxide alarm', category: 'Safety' },
  'call-point': { zh: '手动火灾报警', en: 'Manual fire call point', category: 'Fire' },
  intrusion: { zh: '入侵报警', en: 'Intrusion alarm', category: 'Security' },
  tamper: { zh: '防拆报警', en: 'Tamper alarm', category: 'Security' },
  water: { zh: '水浸报警', en: 'Water alarm', category: 'Infra' },
};

export const modeWords: Record<Mode, Bilingual> = {
  real: { zh: '真实报警', en: 'real' },
  test: { zh: '测试', en: 'test' },
  drill: { zh: '演练', en: 'drill' },
  probe: { zh: '线路巡检', en: 'path check' },
};

/** The lines of a description, by what they say. */
export const labels = {
  school: { zh: '学校', en: 'School' },
  address: { zh: '地址', en: 'Address' },
  where: { zh: '位置', en: 'Place' },
  since: { zh: '报警时间', en: 'Since' },
  mode: { zh: '性质', en: 'Mode' },
  event: { zh: '警情', en: 'Alarm' },
  count: { zh: '按下次数', en: 'Presses' },
  call: { zh: '联系人', en: 'Call' },
  point: { zh: '接警库编号', en: 'Known to you as' },
} satisfies Record<string, Bilingual>;

export const sentences = {
  notReal: {
    zh: '这不是真实报警，无需出警。',
    en: 'This is not a real alarm: send nobody.',
  },
  /** A telephone that rings in the room gives away whoever called in silence. */
  silent: {
    zh: '静默报警：报警人可能受到威胁，请勿拨打报警地点的电话，请与联系人核实。',
    en: 'Silent alarm: do not telephone the room, whoever raised it may be under threat; ask the contacts.',
  },
  timeUnknown: {
    zh: '不详（网关时钟未校准）',
    en: 'not known (the clock of the gateway was never compared)',
  },
  restricted: {
    zh: '仅供接警中心使用',
    en: 'for the alarm receiving centre only',
  },
} satisfies Record<string, Bilingual>;
