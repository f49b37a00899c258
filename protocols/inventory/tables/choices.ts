import type { Bilingual } from '../../messages/bilingual.ts';
import type { DeviceKind } from '../../messages/state.ts';
import type { CampusType, Post } from '../campus.ts';
import type { ZoneKind } from '../zones.ts';

/** What people call the values of a column; both languages and the value itself are understood. */
export type Choices = Readonly<Record<string, Bilingual>>;

const of = (zh: string, en: string): Bilingual => ({ zh, en });

export const campusTypes: Record<CampusType, Bilingual> = {
  kindergarten: of('幼儿园', 'kindergarten'),
  primary: of('小学', 'primary school'),
  middle: of('初中', 'middle school'),
  high: of('高中', 'high school'),
  'nine-year': of('九年一贯制学校', 'nine-year school'),
  complete: of('完全中学', 'complete middle school'),
  special: of('特殊教育学校', 'special school'),
  vocational: of('中等职业学校', 'vocational school'),
};

export const deviceKinds: Record<Exclude<DeviceKind, 'gateway' | 'direct-path'>, Bilingual> = {
  button: of('一键报警按钮', 'one-key button'),
  camera: of('摄像机', 'camera'),
  smoke: of('感烟探测器', 'smoke detector'),
  heat: of('感温探测器', 'heat detector'),
  gas: of('可燃气体探测器', 'gas detector'),
  'carbon-monoxide': of('一氧化碳探测器', 'carbon monoxide detector'),
  electrical: of('电气火灾探测器', 'electrical fire detector'),
  water: of('水压水位', 'water level or pressure'),
  input: of('开关量输入', 'contact input'),
  panel: of('防盗报警主机', 'intruder panel'),
  'fire-panel': of('火灾报警主机', 'fire panel'),
  gate: of('电动门', 'motor gate'),
  barrier: of('道闸', 'boom barrier'),
  turnstile: of('人行通道闸', 'pedestrian turnstile'),
  'card-reader': of('读卡器', 'card reader'),
  sensor: of('传感器', 'measuring sensor'),
  ups: of('不间断电源', 'power supply (UPS)'),
};

export const zoneKinds: Record<ZoneKind, Bilingual> = {
  gate: of('校门', 'school gate'),
  gatehouse: of('门卫室', 'gate house'),
  perimeter: of('周界', 'fence line'),
  approach: of('校门外', 'outside of the gate'),
  classroom: of('教室', 'class room'),
  corridor: of('走廊', 'hallway'),
  stairs: of('楼梯', 'staircase'),
  dormitory: of('宿舍', 'dorm'),
  canteen: of('食堂', 'dining hall'),
  kitchen: of('厨房', 'canteen kitchen'),
  playground: of('操场', 'school yard'),
  library: of('图书馆', 'reading room'),
  laboratory: of('实验室', 'lab'),
  'hazardous-store': of('危险品库', 'hazardous goods store'),
  archive: of('档案室', 'archives'),
  office: of('办公室', 'staff office'),
  'computer-room': of('计算机房', 'computer class room'),
  'control-room': of('监控室', 'security control room'),
  'plant-room': of('设备房', 'technical plant room'),
  'medical-room': of('医务室', 'medical office'),
  parking: of('停车场', 'car park'),
  hall: of('礼堂', 'assembly hall'),
  other: of('其他', 'anything else'),
};

export const postKinds: Record<Post['kind'], Bilingual> = {
  gatehouse: of('门卫室', 'gate house'),
  gate: of('校门', 'school gate'),
  building: of('楼内', 'in a building'),
  grounds: of('校园', 'on the grounds'),
};

export const windowKinds = { arrival: of('上学', 'coming'), dismissal: of('放学', 'going') };

export const personRoles = {
  leader: of('校领导', 'school leader'),
  teacher: of('教师', 'teacher on duty'),
  guard: of('保安', 'security guard'),
  parent: of('家长', 'parent volunteer'),
  police: of('警察', 'police officer'),
  other: of('其他', 'anybody else'),
};
