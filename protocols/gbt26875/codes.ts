import type { Bilingual } from '../messages/bilingual.ts';

const said = (zh: string, en: string): Bilingual => ({ zh, en });

/** Clause 8: kinds of fire systems. Others are the maker's, or reserved. */
export const systemTypes: Readonly<Record<number, Bilingual>> = {
  0: said('通用', 'general'),
  1: said('火灾报警系统', 'fire alarm system'),
  10: said('消防联动控制器', 'linkage controller'),
  11: said('消火栓系统', 'hydrant system'),
  12: said('自动喷水灭火系统', 'sprinkler system'),
  13: said('气体灭火系统', 'gas extinguishing system'),
  18: said('防烟排烟系统', 'smoke control system'),
  19: said('防火门及卷帘系统', 'fire door system'),
  21: said('消防应急广播', 'emergency broadcast'),
  22: said('消防应急照明', 'emergency lighting'),
  24: said('消防电话', 'fire telephone'),
};

/** Clause 8: kinds of components. */
export const componentTypes: Readonly<Record<number, Bilingual>> = {
  1: said('火灾报警控制器', 'control panel'),
  10: said('可燃气体探测器', 'combustible gas detector'),
  11: said('点型可燃气体探测器', 'point gas detector'),
  12: said('独立式可燃气体探测器', 'independent gas detector'),
  13: said('线型可燃气体探测器', 'line gas detector'),
  16: said('电气火灾监控报警器', 'electrical fire monitor'),
  17: said('剩余电流式探测器', 'residual current detector'),
  18: said('测温式探测器', 'temperature detector'),
  21: said('探测回路', 'detection loop'),
  23: said('手动火灾报警按钮', 'manual call point'),
  24: said('消火栓按钮', 'hydrant button'),
  25: said('火灾探测器', 'fire detector'),
  30: said('感温探测器', 'heat detector'),
  31: said('点型感温探测器', 'point heat detector'),
  32: said('点型感温探测器（S 型）', 'point heat detector (S)'),
  33: said('点型感温探测器（R 型）', 'point heat detector (R)'),
  34: said('线型感温探测器', 'line heat detector'),
  35: said('线型感温探测器（S 型）', 'line heat detector (S)'),
  36: said('线型感温探测器（R 型）', 'line heat detector (R)'),
  37: said('光纤感温探测器', 'fibre heat detector'),
  40: said('感烟探测器', 'smoke detector'),
  41: said('点型离子感烟探测器', 'ionisation smoke detector'),
  42: said('点型光电感烟探测器', 'optical smoke detector'),
  43: said('线型光束感烟探测器', 'beam smoke detector'),
  44: said('吸气式感烟探测器', 'aspirating smoke detector'),
  50: said('复合式探测器', 'combined detector'),
  51: said('复合式感烟感温探测器', 'combined smoke and heat detector'),
  52: said('复合式感光感温探测器', 'combined flame and heat detector'),
  53: said('复合式感光感烟探测器', 'combined flame and smoke detector'),
  61: said('紫外火焰探测器', 'ultraviolet flame detector'),
  62: said('红外火焰探测器', 'infrared flame detector'),
  78: said('图像摄像方式火灾探测器', 'video fire detector'),
  81: said('气体探测器', 'gas controller'),
  84: said('输入输出模块', 'input and output module'),
  85: said('输入模块', 'input module'),
  86: said('输出模块', 'output module'),
  87: said('中继模块', 'relay module'),
  88: said('模块', 'module'),
  91: said('消防水泵', 'fire pump'),
  92: said('消防水箱', 'fire water tank'),
  96: said('水流指示器', 'flow switch'),
  97: said('信号阀', 'signal valve'),
  99: said('压力开关', 'pressure switch'),
  102: said('防火门', 'fire door'),
  121: said('警报装置', 'alarm device'),
};

export interface Quantity {
  /** As a field of telemetry. */
  field: string;
  unit: string;
  /** What one of the wire is. */
  scale: number;
}

/** Clause 8: what an analogue value measures. */
export const quantities: Readonly<Record<number, Quantity>> = {
  1: { field: 'count', unit: '', scale: 1 },
  2: { field: 'height', unit: 'm', scale: 0.01 },
  3: { field: 'temperature', unit: '°C', scale: 0.1 },
  4: { field: 'pressure', unit: 'MPa', scale: 0.1 },
  5: { field: 'pressure', unit: 'kPa', scale: 0.1 },
  6: { field: 'gas', unit: '%LEL', scale: 0.1 },
  7: { field: 'duration', unit: 's', scale: 1 },
  8: { field: 'voltage', unit: 'V', scale: 0.1 },
  9: { field: 'current', unit: 'A', scale: 0.1 },
  10: { field: 'flow', unit: 'L/s', scale: 0.1 },
  11: { field: 'air_flow', unit: 'm³/min', scale: 0.1 },
  12: { field: 'wind', unit: 'm/s', scale: 1 },
};

/** Bits of a system's and of a component's state; 8 means supply fault of a component. */
export const stateBits = {
  normal: 1 << 0,
  fire: 1 << 1,
  fault: 1 << 2,
  masked: 1 << 3,
  supervised: 1 << 4,
  started: 1 << 5,
  feedback: 1 << 6,
  delayed: 1 << 7,
  mainsFault: 1 << 8,
  batteryFault: 1 << 9,
  busFault: 1 << 10,
  manual: 1 << 11,
  configurationChanged: 1 << 12,
  reset: 1 << 13,
} as const;
export const componentSupplyFault = 1 << 8;

/** Bits of the transmission device's own state. */
export const deviceBits = {
  normal: 1 << 0,
  fire: 1 << 1,
  fault: 1 << 2,
  mainsFault: 1 << 3,
  batteryFault: 1 << 4,
  centreLinkFault: 1 << 5,
  lineFault: 1 << 6,
} as const;

/** Bits of an operation, of a system and of the transmission device: 5 is another in each. */
export const operationBits = { reset: 1 << 0, dutyAnswered: 1 << 5 } as const;
const operations = [
  'reset',
  'mute',
  'manual-alarm',
  'alarm-cleared',
  'self-test',
  'confirmed',
  'test',
] as const;

/** What was done, by the words of `operations`; of the transmission device, bit 5 is the answer to a duty poll. */
export function operationsOf(bits: number, of: 'system' | 'device'): string[] {
  const words = operations.map((word) => (of === 'device' && word === 'confirmed' ? 'duty-answered' : word));
  return words.filter((_, bit) => (bits >> bit) & 1);
}

/** `zone-number`, as installers write a component's four bytes: the low half is the zone or loop. */
export function componentText(address: number): string {
  return `${address & 0xffff}-${address >>> 16}`;
}
