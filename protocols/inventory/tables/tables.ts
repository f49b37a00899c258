import type { Bilingual } from '../../messages/bilingual.ts';
import type { CellKind } from './cells.ts';
import { campusTypes, deviceKinds, personRoles, postKinds, windowKinds, zoneKinds } from './choices.ts';

/** One column of a table: where its value stands in the thing that a row describes. */
export interface Column {
  name: Bilingual;
  path: readonly (string | number)[];
  kind: CellKind;
  /** Part of what names the thing; never empty. */
  key?: true;
}

/** Where the things of a table stand in a campus: a list, perhaps inside of a thing that another column names. */
export interface Table {
  id: string;
  name: Bilingual;
  /** `of`: the list around it, whose id is in the column `path[0]` of that name and is no part of the thing itself. */
  list: { of?: string; name: string } | null;
  columns: readonly Column[];
}

type Step = string | number;
const column = (zh: string, en: string, path: Step | readonly Step[], kind: CellKind = 'text'): Column => ({
  name: { zh, en },
  path: [path].flat() as Step[],
  kind,
});
const key = (zh: string, en: string, path: string, kind: CellKind = 'text'): Column => ({
  ...column(zh, en, path, kind),
  key: true,
});
const campus = key('校区', 'campus', '@campus');
const id = key('编号', 'id', 'id');
const names = [column('中文名', 'name_zh', ['name', 'zh']), column('英文名', 'name_en', ['name', 'en'])];
const table = (id: string, zh: string, list: Table['list'], ...columns: Column[]): Table => ({
  id,
  name: { zh, en: id },
  list,
  columns,
});
const list = (name: string, of?: string) => ({ name, ...(of !== undefined && { of }) });

/** Who is behind the ids of rolls and rosters, of one campus. Not of the inventory: it is personal data. */
export const peopleTable: Table = table(
  'people',
  '人员',
  list('people'),
  id,
  column('姓名', 'name', 'name'),
  column('角色', 'role', 'role', personRoles),
  column('卡号', 'cards', 'cards', 'list'),
);

/** Every table of an import, in the order of its sheets. */
export const tables: readonly Table[] = [
  table('counties', '区县', null, id, ...names),
  table(
    'campuses',
    '校区',
    null,
    campus,
    column('区县', 'county', 'county'),
    ...names,
    column('类型', 'type', 'type', campusTypes),
    column('寄宿制', 'boarding', 'boarding', 'yes-no'),
    column('走读生', 'day_pupils', ['pupils', 'day'], 'number'),
    column('寄宿生', 'boarders', ['pupils', 'boarders'], 'number'),
    column('地址', 'address', 'address'),
    column('时区', 'time_zone', ['calendar', 'time_zone']),
    column('校园轮廓', 'outline', ['grounds', 'outline'], 'points'),
    column('校园墙体', 'walls', ['grounds', 'walls'], 'walls'),
  ),
  table(
    'terms',
    '学期',
    list('calendar/terms'),
    campus,
    id,
    column('开始', 'from', 'from', 'day'),
    column('结束', 'to', 'to', 'day'),
  ),
  table(
    'windows',
    '上下学时段',
    list('calendar/windows'),
    campus,
    id,
    column('类型', 'kind', 'kind', windowKinds),
    column('开始', 'from', 'from', 'time'),
    column('结束', 'to', 'to', 'time'),
    column('星期', 'weekdays', 'weekdays', 'numbers'),
  ),
  table(
    'days_off',
    '停课日',
    list('calendar/days_off'),
    campus,
    key('开始', 'from', 'from', 'day'),
    column('结束', 'to', 'to', 'day'),
    ...names,
  ),
  table(
    'days_on',
    '调休上课日',
    list('calendar/days_on'),
    campus,
    key('日期', 'day', 'day', 'day'),
    column('按星期几', 'as', 'as', 'number'),
  ),
  table(
    'contacts',
    '联系人',
    list('contacts'),
    campus,
    key('电话', 'phone', 'phone'),
    column('姓名', 'name', 'name'),
    column('职务', 'role', 'role'),
  ),
  table('buildings', '楼', list('buildings'), campus, id, ...names),
  table(
    'storeys',
    '楼层',
    list('storeys', 'buildings'),
    campus,
    key('楼', 'building', '@buildings'),
    id,
    ...names,
    column('轮廓', 'outline', ['plan', 'outline'], 'points'),
    column('墙体', 'walls', ['plan', 'walls'], 'walls'),
  ),
  table(
    'devices',
    '设备',
    list('devices', 'gateways'),
    campus,
    key('网关', 'gateway', '@gateways'),
    id,
    column('类型', 'kind', 'kind', deviceKinds),
    ...names,
    column('楼', 'building', 'building'),
    column('楼层', 'storey', 'storey'),
    column('房间', 'room', 'room'),
    column('必需', 'required', 'required', 'yes-no'),
    column('横坐标', 'x', ['sight', 'at', 0], 'number'),
    column('纵坐标', 'y', ['sight', 'at', 1], 'number'),
    column('安装高度', 'height_m', ['sight', 'height_m'], 'number'),
    column('朝向', 'heading_deg', ['sight', 'heading_deg'], 'number'),
    column('俯角', 'tilt_deg', ['sight', 'tilt_deg'], 'number'),
    column('水平视角', 'angle_deg', ['sight', 'angle_deg'], 'number'),
    column('垂直视角', 'vertical_angle_deg', ['sight', 'vertical_angle_deg'], 'number'),
    column('有效距离', 'range_m', ['sight', 'range_m'], 'number'),
    column('分辨率', 'resolution', ['sight', 'resolution'], 'resolution'),
  ),
  table(
    'gates',
    '大门',
    list('gates'),
    campus,
    id,
    ...names,
    column('监测设备', 'watched_by', 'watched_by', 'list'),
    column('开放时段', 'open_in', 'open_in', 'list'),
  ),
  table(
    'fence',
    '围墙',
    list('fence'),
    campus,
    id,
    ...names,
    column('监测设备', 'watched_by', 'watched_by', 'list'),
  ),
  table(
    'posts',
    '岗位',
    list('posts'),
    campus,
    id,
    ...names,
    column('类型', 'kind', 'kind', postKinds),
    column('值守时间', 'duty', 'duty', 'duty'),
    column('前后分钟', 'around_min', ['duty', 'around_min'], 'number'),
    column('终端', 'terminal', 'terminal'),
  ),
  table('guards', '保安', list('guards'), campus, id),
  table('patrol', '巡查点', list('patrol'), campus, id, ...names, column('读卡器', 'reader', 'reader')),
  table(
    'zones',
    '区域',
    list('zones'),
    campus,
    id,
    ...names,
    column('类型', 'kind', 'kind', zoneKinds),
    column('楼', 'building', 'building'),
    column('楼层', 'storey', 'storey'),
    column('多边形', 'polygon', 'polygon', 'points'),
    column('重点部位', 'key', 'key', 'yes-no'),
    column('录像天数', 'video_days', ['needs', 'video_days'], 'number'),
    column('按钮', 'buttons', 'buttons', 'list'),
    column('摄像机', 'seen_by', 'seen_by', 'list'),
    column('可重叠', 'may_overlap', 'may_overlap', 'yes-no'),
  ),
  table(
    'rosters',
    '护学岗排班',
    list('rosters'),
    campus,
    key('大门', 'gate', 'gate'),
    key('时段', 'window', 'window'),
    column('校领导', 'leader', 'leader', 'list'),
    column('教师', 'teacher', 'teacher', 'list'),
    column('保安', 'guard', 'guard', 'list'),
    column('家长', 'parent', 'parent', 'list'),
    column('警察', 'police', 'police', 'list'),
  ),
];
