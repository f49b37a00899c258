import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { readCloudFile } from './cloud-file.ts';
import { csvOf } from '#protocols/csv.ts';
import { readEdgeFile } from './edge-file.ts';
import { type Point, pointsOf } from './points.ts';
import { UserError } from './service.ts';

export interface ExportPointsOptions {
  cloud: string;
  edge: string[];
  format: 'csv' | 'json';
}

/**
 * `belfry export-points`: the table of accounts and zones for a centre's database, on stdout. What the centre will
 * miss is said on stderr; files that contradict each other are an error, and nothing is printed.
 */
export async function exportPoints({ cloud, edge, format }: ExportPointsOptions): Promise<void> {
  const { points, mistakes, gaps } = pointsOf(readCloudFile(cloud), edge.map(readEdgeFile));
  if (mistakes.length > 0) throw new UserError(mistakes.join('\n'));
  for (const gap of gaps) process.stderr.write(`${gap}\n`);
  process.stdout.write(format === 'json' ? `${JSON.stringify(points, null, 2)}\n` : csvOf(rowsOf(points)));
}

const columns: [string, (point: Point) => string][] = [
  ['账号 account', ({ account }) => account],
  ['防区 zone', ({ zone }) => (zone === null ? '' : String(zone).padStart(3, '0'))],
  ['事件码 Contact ID', ({ codes }) => codes.join(' ')],
  ['学校', ({ campus }) => campus?.zh ?? ''],
  ['地址', ({ address }) => address?.zh ?? ''],
  ['楼栋', ({ building }) => building?.zh ?? ''],
  ['楼层', ({ storey }) => storey?.zh ?? ''],
  ['房间', ({ room }) => room?.zh ?? ''],
  ['名称', ({ name }) => name?.zh ?? ''],
  ['联系人', ({ contacts }) => contacts.map((each) => called(each, 'zh')).join('；')],
  ['campus', ({ campus }) => campus?.en ?? ''],
  ['address', ({ address }) => address?.en ?? ''],
  ['building', ({ building }) => building?.en ?? ''],
  ['storey', ({ storey }) => storey?.en ?? ''],
  ['room', ({ room }) => room?.en ?? ''],
  ['name', ({ name }) => name?.en ?? ''],
  ['contacts', ({ contacts }) => contacts.map((each) => called(each, 'en')).join('; ')],
  ['kind', ({ kind }) => kind],
  ['gateway', ({ gateway }) => gateway ?? ''],
  ['device', ({ device }) => device],
];

/** The heads of the columns, and a row for each point. */
export function rowsOf(points: readonly Point[]): string[][] {
  return [columns.map(([head]) => head), ...points.map((point) => columns.map(([, read]) => read(point)))];
}

function called({ name, role, phone }: Point['contacts'][number], lang: keyof Bilingual): string {
  const who =
    role === null ? name[lang] : lang === 'zh' ? `${name.zh}（${role.zh}）` : `${name.en} (${role.en})`;
  return `${who} ${phone}`;
}
