import type { Bilingual } from '../messages/bilingual.ts';

/**
 * What an event of SIA DC-05 is to us. `alarm`: people must come. `fault`: the panel or a part of it does not work as it
 * should, until it is restored. `test`: somebody tests by hand. `sign-of-life`: the panel reports by itself. `record`:
 * what happened, and nobody need come (armed, disarmed, bypassed by a user).
 */
export type EventMeaning = 'alarm' | 'fault' | 'test' | 'sign-of-life' | 'record';

/** What a code means. What the table of the standard does not name is read by its hundred. */
export function meaningOf(code: string): EventMeaning {
  const known = single[code];
  if (known !== undefined) return known;
  switch (code[0]) {
    case '1':
      return 'alarm';
    case '2':
    case '3':
    case '5':
      return 'fault';
    case '6':
      return 'record';
    default:
      return 'record';
  }
}

/** Codes whose meaning is another than that of their hundred (SIA DC-05, event definitions). */
const single: Readonly<Record<string, EventMeaning>> = {
  // Tampers and failures among the alarms: a technician must come, not the police.
  '143': 'fault',
  '147': 'fault',
  // Somebody opens under threat, or does not close: police.
  '423': 'alarm',
  '601': 'test',
  '602': 'sign-of-life',
  '603': 'sign-of-life',
  '608': 'sign-of-life',
};

/** A fault in a technician's words, with what to do. */
export function faultWords(code: string): Bilingual {
  const own = words[code];
  if (own !== undefined) return own;
  const group = words[`${code[0]}00`]!;
  return { zh: `${group.zh}（代码 ${code}）`, en: `${group.en} (code ${code})` };
}

const words: Readonly<Record<string, Bilingual>> = {
  '100': { zh: '主机报告部件异常，请检查该防区', en: 'The panel reports a failing part: check this zone' },
  '143': {
    zh: '扩展模块故障，请检查总线接线和模块电源',
    en: 'An expansion module fails: check its bus and supply',
  },
  '147': { zh: '探测器失联，请检查其电池和接线', en: 'A sensor is not heard: check its battery and wiring' },
  '200': {
    zh: '消防监督信号异常，请检查阀门、水压',
    en: 'Fire supervisory signal: check valves and water pressure',
  },
  '201': { zh: '消防水压低，请检查水源和水泵', en: 'Low water pressure: check supply and pump' },
  '300': { zh: '主机系统故障，请检查主机', en: 'System trouble of the panel: check it' },
  '301': { zh: '主机交流电断电，请检查市电和空开', en: 'The panel has no mains: check supply and breaker' },
  '302': { zh: '主机蓄电池电压低，请更换蓄电池', en: 'Low battery of the panel: replace the battery' },
  '305': { zh: '主机重启，请查明原因', en: 'The panel was reset: find out why' },
  '309': { zh: '蓄电池测试不合格，请更换蓄电池', en: 'Battery test failed: replace the battery' },
  '311': {
    zh: '蓄电池缺失或失效，请检查接线并更换',
    en: 'The battery is missing or dead: check wiring, replace it',
  },
  '321': { zh: '警号 1 故障，请检查警号接线', en: 'Bell 1 fails: check its wiring' },
  '350': { zh: '主机通信故障，请检查通信线路', en: 'Communication trouble of the panel: check its lines' },
  '351': { zh: '电话线 1 故障，请检查电话线', en: 'Telephone line 1 fails: check it' },
  '354': { zh: '主机不能上报事件，请检查通信线路', en: 'The panel cannot report events: check its lines' },
  '370': {
    zh: '防区回路故障，请检查线路和终端电阻',
    en: 'Protection loop trouble: check wiring and end-of-line resistor',
  },
  '371': { zh: '防区回路断路，请检查线路', en: 'Protection loop open: check its wiring' },
  '372': { zh: '防区回路短路，请检查线路', en: 'Protection loop shorted: check its wiring' },
  '373': { zh: '火警回路故障，请检查线路', en: 'Fire loop trouble: check its wiring' },
  '380': { zh: '探测器故障，请检查或更换', en: 'Sensor trouble: check or replace it' },
  '381': {
    zh: '无线探测器失去监督，请检查电池和信号',
    en: 'A wireless sensor is lost: check battery and radio',
  },
  '383': { zh: '探测器防拆触发，请检查外壳', en: 'Sensor tamper: check its case' },
  '384': { zh: '无线探测器电池电压低，请更换电池', en: 'Low battery of a wireless sensor: replace it' },
  '500': { zh: '部件被停用，不再受保护', en: 'A part is disabled and protects nothing' },
  '570': {
    zh: '防区被旁路，不受保护；用完请恢复',
    en: 'The zone is bypassed and protects nothing: restore it after use',
  },
};
