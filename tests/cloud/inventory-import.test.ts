import { Buffer } from 'node:buffer';
import { crc32, deflateRawSync } from 'node:zlib';
import readExcel from 'read-excel-file/node';
import writeExcel from 'write-excel-file/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiImportPreview, apiImportPreview } from '#protocols/api-inventory.ts';
import { ApiWorld } from './api-world.ts';
import { city } from './four-hundred-school.ts';

let world: ApiWorld;
const base = '/api/v1/inventory';
const types = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

beforeEach(async () => {
  world = new ApiWorld();
  world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
  world.inventory = city;
  await world.start();
  await world.clock.pass(2_000);
});
afterEach(() => world.close());

const token = () => ({ authorization: `Bearer ${world.token}` });
function post(path: string, body?: Uint8Array, type?: string) {
  return fetch(world.api.url + base + path, {
    method: 'POST',
    headers: { ...token(), ...(type !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: Buffer.from(body) }),
  });
}
async function looked(answer: Response): Promise<ApiImportPreview> {
  expect(answer.status, await answer.clone().text()).toBe(200);
  return apiImportPreview.parse(await answer.json());
}
const csv = (table: string, text: string | Uint8Array, mode = 'merge') =>
  post(`/imports?format=csv&table=${table}&mode=${mode}`, Buffer.from(text), types.csv);
async function xlsx(sheets: Record<string, (string | number | null)[][]>): Promise<Buffer> {
  return writeExcel(
    Object.entries(sheets).map(([sheet, rows]) => ({
      sheet,
      data: rows.map((row) =>
        row.map((value) =>
          value === null
            ? null
            : typeof value === 'number'
              ? { value, type: Number }
              : { value, type: String },
        ),
      ),
    })) as never,
  ).toBuffer();
}
const apply = (digest: string | null) => post(`/imports/${digest}/apply`);
const school = async () => (await world.kept.campus('school'))!;

/** A zip file of one file, whose directory says `told` bytes of its size. */
function zipOf(name: string, content: Buffer, told = content.length): Buffer {
  const data = deflateRawSync(content, { level: 9 });
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(told, 18);
  common.writeUInt16LE(name.length, 22);
  const directory = Buffer.concat([
    Buffer.from('504b01021400', 'hex'),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([Buffer.from('504b0304', 'hex'), common, Buffer.from(name), data, directory, end]);
}

describe('an import', () => {
  it('shows what it would do, does nothing yet, and then does it whole', async () => {
    const preview = await looked(
      await csv('zones', '校区,编号,类型,重点部位\nschool,gym,礼堂,是\nschool,yard,操场,是\n'),
    );
    expect(preview).toMatchObject({
      rows: 2,
      mistakes: [],
      campuses: [{ campus: 'school', is_new: false, added: 1, changed: 1, removed: 0 }],
    });
    expect(preview.campuses[0]!.differences).toContainEqual({
      pointer: '/zones/yard/key',
      what: 'changed',
      before: false,
      after: true,
    });
    expect(world.kept.version('school')).toBe(1);
    const applied = await apply(preview.digest);
    expect(await applied.json()).toEqual({ campuses: [{ campus: 'school', version: 2 }] });
    const { zones } = await school();
    expect(zones.map(({ id, key }) => [id, key])).toEqual([
      ['yard', true],
      ['gatehouse', false],
      ['gym', true],
    ]);
    // What no column says stays.
    expect(zones[0]!.polygon).toHaveLength(4);
    expect((await apply(preview.digest)).status).toBe(404);
  });

  it('in mode replace takes out what the table no longer lists of that campus', async () => {
    const preview = await looked(
      await csv('zones', 'campus,id,kind\nschool,gatehouse,gatehouse\n', 'replace'),
    );
    expect(preview.campuses[0]!.differences.map(({ pointer, what }) => [pointer, what])).toEqual([
      ['/zones/yard', 'removed'],
    ]);
    expect((await apply(preview.digest)).status).toBe(200);
    expect((await school()).zones.map(({ id }) => id)).toEqual(['gatehouse']);
  });

  it('makes a whole new campus of a workbook in Chinese, cameras, walls and rosters included', async () => {
    const file = await xlsx({
      区县: [
        ['编号', '中文名'],
        ['west', '西区'],
      ],
      校区: [
        ['校区', '区县', '中文名', '类型', '走读生', '校园轮廓', '校园墙体'],
        ['lake', 'west', '湖滨小学', '小学', 320, '0 0; 40 0; 40 20; 0 20', '10 0 10 5'],
      ],
      学期: [
        ['校区', '编号', '开始', '结束'],
        ['lake', 'autumn', '2026/9/1', '2027-01-22'],
      ],
      上下学时段: [
        ['校区', '编号', '类型', '开始', '结束'],
        ['lake', 'am', '上学', '7:20', '08:00'],
      ],
      设备: [
        [
          '校区',
          '网关',
          '编号',
          '类型',
          '横坐标',
          '纵坐标',
          '安装高度',
          '朝向',
          '俯角',
          '水平视角',
          '有效距离',
          '分辨率',
        ],
        ['lake', 'gw-lake', 'cam-1', '摄像机', 0, 10, 3, 0, 45, 90, 40, '2560×1440'],
        ['lake', 'gw-lake', 'press-1', '一键报警按钮', null, null, null, null, null, null, null, null],
      ],
      大门: [
        ['校区', '编号'],
        ['lake', 'south'],
      ],
      区域: [
        ['校区', '编号', '类型', '多边形', '按钮'],
        ['lake', 'yard', '操场', '12 8; 20 8; 20 12; 12 12', null],
        ['lake', 'lodge', '门卫室', null, 'gw-lake/press-1'],
      ],
      护学岗排班: [
        ['校区', '大门', '时段', '校领导', '教师'],
        ['lake', 'south', 'am', 'p-1', 'p-2；p-3'],
      ],
    });
    const preview = await looked(await post('/imports?format=xlsx', file, types.xlsx));
    expect(preview.mistakes).toEqual([]);
    expect(preview.campuses).toMatchObject([{ campus: 'lake', is_new: true }]);
    expect((await apply(preview.digest)).status).toBe(200);
    const lake = (await world.kept.campus('lake'))!;
    expect(lake).toMatchObject({
      county: 'west',
      type: 'primary',
      name: { zh: '湖滨小学', en: '湖滨小学' },
      pupils: { day: 320 },
      grounds: {
        walls: [
          [
            [10, 0],
            [10, 5],
          ],
        ],
      },
      calendar: { windows: [{ id: 'am', kind: 'arrival', from: '07:20', to: '08:00' }] },
      rosters: [{ gate: 'south', window: 'am', leader: ['p-1'], teacher: ['p-2', 'p-3'] }],
    });
    expect(lake.gateways[0]!.devices[0]!.sight).toMatchObject({ at: [0, 10], resolution: [2560, 1440] });
    await world.clock.pass(2_000);
    expect(world.fourHundred.verdict('lake')?.cells).toHaveLength(12);
  });

  it('what goes out comes in again without a difference, as XLSX and as CSV, in both languages', async () => {
    for (const lang of ['zh', 'en']) {
      const out = await world.get(`${base}/export?format=xlsx&lang=${lang}`, token());
      const bytes = Buffer.from(await out.arrayBuffer());
      const preview = await looked(await post('/imports?format=xlsx&mode=replace', bytes, types.xlsx));
      expect([preview.mistakes, preview.campuses]).toEqual([[], []]);
      expect(preview.rows).toBeGreaterThan(8);
      const devices = await world.get(`${base}/export?format=csv&table=devices&lang=${lang}`, token());
      const again = await looked(await csv('devices', Buffer.from(await devices.arrayBuffer()), 'replace'));
      expect([again.mistakes, again.campuses, again.rows]).toEqual([[], [], 3]);
    }
  });

  it('takes the calendar’s exceptions, contacts and what a zone needs beyond the rules', async () => {
    const file = await xlsx({
      停课日: [
        ['校区', '开始', '结束', '中文名'],
        ['school', '2026-11-05', '2026-11-06', '运动会'],
      ],
      调休上课日: [
        ['校区', '日期', '按星期几'],
        ['school', '2026-09-27', 4],
      ],
      联系人: [
        ['校区', '电话', '姓名', '职务'],
        ['school', '13800000001', '王老师', '值班'],
      ],
      区域: [
        ['校区', '编号', '录像天数'],
        ['school', 'yard', 90],
      ],
    });
    const preview = await looked(await post('/imports?format=xlsx', file, types.xlsx));
    expect(preview.mistakes).toEqual([]);
    expect((await apply(preview.digest)).status).toBe(200);
    expect(await school()).toMatchObject({
      calendar: {
        days_off: [{ from: '2026-11-05', to: '2026-11-06', name: { zh: '运动会' } }],
        days_on: [{ day: '2026-09-27', as: 4 }],
      },
      contacts: [{ phone: '13800000001', name: '王老师', role: '值班' }],
      zones: [{ id: 'yard', needs: { video_days: 90 } }, {}],
    });
    const wrong = await looked(await csv('days_off', 'campus,from,to\nschool,2026-12-05,2026-12-01\n'));
    expect(wrong.mistakes).toMatchObject([{ row: 2, column: 'to' }]);
    const out = await world.get(`${base}/export?format=xlsx`, token());
    const bytes = Buffer.from(await out.arrayBuffer());
    const again = await looked(await post('/imports?format=xlsx&mode=replace', bytes, types.xlsx));
    expect([again.mistakes, again.campuses]).toEqual([[], []]);
  });

  it('gives templates that an import takes', async () => {
    const answer = await world.get(`${base}/template?lang=zh`, token());
    const sheets = await readExcel(Buffer.from(await answer.arrayBuffer()));
    expect(sheets.map(({ sheet }) => sheet)).toContain('护学岗排班');
    expect(sheets.find(({ sheet }) => sheet === '设备')!.data[0]!.slice(0, 4)).toEqual([
      '校区',
      '网关',
      '编号',
      '类型',
    ]);
  });

  it('reads GB 18030, UTF-8 with its mark and without, and UTF-16', async () => {
    const text = '校区,编号,中文名,类型\r\nschool,gym,体育馆,礼堂\r\n';
    const gb = Buffer.from(
      'd0a3c7f82cb1e0bac52cd6d0cec4c3fb2cc0e0d0cd0d0a7363686f6f6c2c67796d2ccce5d3fdb9dd2cc0f1ccc30d0a',
      'hex',
    );
    for (const bytes of [
      gb,
      Buffer.from(text),
      Buffer.from(`\uFEFF${text}`),
      Buffer.from(`\uFEFF${text}`, 'utf16le'),
    ]) {
      const { campuses, mistakes } = await looked(await csv('zones', bytes));
      expect(mistakes).toEqual([]);
      expect(campuses[0]!.differences[0]!.after).toMatchObject({ name: { zh: '体育馆' } });
    }
  });
});

describe('an import with mistakes', () => {
  const wrong: [string, string, string, [number | null, string | null], RegExp][] = [
    ['an unknown column', 'zones', 'campus,id,kind,colour\nschool,a,hall,red\n', [1, 'colour'], /no column/],
    ['a missing column', 'zones', 'campus,kind\nschool,hall\n', [1, null], /"id" is missing/],
    ['an id left out', 'zones', 'campus,id,kind\nschool,,hall\n', [2, 'id'], /cannot be empty/],
    ['an unknown kind', 'zones', '校区,编号,类型\nschool,a,操场上\n', [2, '类型'], /expected one of/],
    ['no number', 'devices', 'campus,gateway,id,kind,x\nschool,gate,c2,camera,left\n', [2, 'x'], /no number/],
    [
      'a campus that is not there',
      'zones',
      'campus,id,kind\nnowhere,a,hall\n',
      [2, null],
      /no campus nowhere/,
    ],
    ['a row twice', 'zones', 'campus,id,kind\nschool,a,hall\nschool,a,hall\n', [3, null], /row 2 of "zones"/],
    [
      'a polygon that crosses itself',
      'zones',
      'campus,id,kind,polygon\nschool,a,hall,"1 1; 2 2; 2 1; 1 2"\n',
      [2, 'polygon'],
      /crosses itself/,
    ],
    [
      'zones that overlap',
      'zones',
      'campus,id,kind,polygon\n\nschool,a,hall,"8 4; 9 4; 9 6; 8 6"\n',
      [3, 'polygon'],
      /overlaps the zone yard/,
    ],
    [
      'a zone outside of the plan',
      'zones',
      'campus,id,kind,polygon\nschool,a,hall,"1 1; 90 1; 90 3"\n',
      [2, 'polygon'],
      /outside of its plan/,
    ],
    [
      'a camera without an angle',
      'devices',
      'campus,gateway,id,kind,x,y,height_m,heading_deg,tilt_deg,range_m,angle_deg\nschool,gate,c2,camera,1,1,3,0,45,20,\n',
      [2, 'angle_deg'],
      /horizontal angle/,
    ],
    [
      'a window that crosses midnight',
      'windows',
      'campus,id,kind,from,to\nschool,night,dismissal,22:00,02:00\n',
      [2, 'to'],
      /crosses midnight/,
    ],
    [
      'a device that is not there',
      'zones',
      'campus,id,kind,buttons\nschool,a,hall,gate/b7\n',
      [2, 'buttons'],
      /no device gate\/b7/,
    ],
    [
      'a person in two roles',
      'rosters',
      'campus,gate,window,leader,teacher\nschool,south,arrival,p-1,p-1\n',
      [2, 'teacher'],
      /already leader/,
    ],
  ];
  it.each(wrong)(
    '%s is told by its row and column, and nothing can be applied',
    async (_, table, text, at, says) => {
      const preview = await looked(await csv(table, text));
      expect(preview.digest).toBeNull();
      const [row, column] = at;
      expect(preview.mistakes).toContainEqual(
        expect.objectContaining({
          sheet: table,
          row,
          column,
          text: expect.objectContaining({ en: expect.stringMatching(says) }),
        }),
      );
      expect(world.kept.version('school')).toBe(1);
    },
  );

  it('one gateway of two campuses in one file is refused', async () => {
    const file = await xlsx({
      campuses: [
        ['campus', 'county', 'type', 'day_pupils'],
        ['second', 'east', 'primary', 5],
      ],
      devices: [
        ['campus', 'gateway', 'id', 'kind'],
        ['second', 'gate', 'b2', 'button'],
      ],
    });
    const preview = await looked(await post('/imports?format=xlsx', file, types.xlsx));
    expect(preview.digest).toBeNull();
    expect(preview.mistakes.map(({ text }) => text.en).join()).toMatch(/already a gateway gate, on school/);
  });

  it('what has changed since it was looked at is not overwritten', async () => {
    const preview = await looked(await csv('guards', 'campus,id\nschool,guard-2\n'));
    const entry = await school();
    await world.kept.change({
      campuses: new Map([['school', { ...entry, boarding: true }]]),
      by: 'li',
      source: 'api',
    });
    expect((await apply(preview.digest)).status).toBe(409);
    expect((await school()).guards).toHaveLength(1);
    await world.clock.pass(3_601_000);
    expect((await apply(preview.digest)).status).toBe(404);
  });

  it('a file that would become huge is refused before it is unpacked, and one that lies about it while it is', async () => {
    const bomb = Buffer.alloc(300 * 1024 * 1024);
    for (const file of [zipOf('xl/workbook.xml', bomb), zipOf('xl/workbook.xml', bomb, 1_000)]) {
      expect(file.length).toBeLessThan(1_000_000);
      const answer = await post('/imports?format=xlsx', file, types.xlsx);
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({
        errors: [{ text: { en: expect.stringMatching(/more than 100 MB/) } }],
      });
    }
  }, 60_000);

  it('what is no spreadsheet is refused in words', async () => {
    for (const [query, bytes, type] of [
      ['format=xlsx', Buffer.from('not a zip'), types.xlsx],
      ['format=xlsx', zipOf('a.txt', Buffer.from('a')), types.xlsx],
      ['format=csv&table=zones', Buffer.from([0xff, 0x00, 0x80, 0xff]), types.csv],
      ['format=csv&table=zones', Buffer.from('campus,id\n"school'), types.csv],
    ] as const)
      expect((await post(`/imports?${query}`, bytes, type)).status).toBe(422);
    expect((await post('/imports?format=csv', Buffer.from('a'), types.csv)).status).toBe(400);
    const more = Buffer.alloc(11 * 1024 * 1024);
    expect((await post('/imports?format=xlsx', more, types.xlsx)).status).toBe(413);
  });
});
