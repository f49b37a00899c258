import readExcel from 'read-excel-file/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  apiBlindSpots,
  apiCityVerdict,
  apiDutiesOfCampus,
  apiDuty,
  apiEvidence,
  apiHistory,
  apiParts,
  apiRanked,
  apiRepairs,
  apiReport,
  apiVerdict,
  monthlyReport,
} from '#protocols/api-four-hundred.ts';
import { itemsOf } from '#protocols/api.ts';
import { verdictCsv } from '#cloud/four-hundred/table.ts';
import { ApiWorld } from './api-world.ts';
import { city } from './four-hundred-school.ts';

let world: ApiWorld;
const token = () => ({ authorization: `Bearer ${world.token}` });
const base = '/api/v1/four-hundred';
const school = `${base}/campuses/school`;

beforeEach(async () => {
  world = new ApiWorld();
  world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
  world.inventory = city;
  await world.start();
  world.birth([{ id: 'b1' }, { id: 'cam', kind: 'camera' }]);
  await world.clock.pass(2_000);
});
afterEach(() => world.close());

async function json(path: string): Promise<unknown> {
  const answer = await world.get(path);
  expect(answer.status, path).toBe(200);
  return answer.json();
}

describe('the API of the four hundred', () => {
  it('gives twelve cells of a campus, and counties that add up to the city', async () => {
    const verdict = apiVerdict.parse(await json(school));
    expect(verdict.cells).toHaveLength(12);
    expect(verdict).toMatchObject({
      county: 'east',
      name: { en: 'First School' },
      rules: { version: expect.any(String) },
    });
    const whole = apiCityVerdict.parse(await json(base));
    expect(whole.counties.map(({ cells }) => cells)).toEqual([whole.cells]);
    for (const { campuses } of whole.cells)
      expect(
        campuses.yes + campuses.no + campuses.unknown + campuses.maintenance + campuses['not-measured'],
      ).toBe(campuses.of);
  });

  it('a verdict of a moment that was given once is given again', async () => {
    const now = apiVerdict.parse(await json(school));
    const asked = `${school}?moment=${now.moment}&as_of=${now.as_of}`;
    const first = await json(asked);
    expect(apiVerdict.parse(first).cells).toEqual(now.cells);
    await world.clock.pass(3_600_000);
    expect(await json(asked)).toEqual(first);
  });

  it('nothing is told of the future, and nothing of a campus that is not there', async () => {
    expect((await world.get(`${school}?moment=${Date.UTC(2030, 0)}`)).status).toBe(400);
    expect((await world.get(`${base}/campuses/nowhere`)).status).toBe(404);
    expect((await world.get(`${base}/counties/nowhere`)).status).toBe(404);
  });

  it('each part says why in both languages, and opens to the evidence it rests on', async () => {
    const { items } = apiParts.parse(await json(`${school}/parts?item=one-key-video&level=working`));
    const button = items.find(({ subject }) => 'device' in subject && subject.device === 'gate/b1')!;
    expect(button).toMatchObject({ answer: 'yes', text: { zh: '在线正常', en: 'alive' } });
    const evidence = apiEvidence.parse(await json(`${school}/evidence?part=${button.id}`));
    expect(evidence.items).toMatchObject([{ kind: 'state', device: 'gate/b1', state: 'good' }]);
  });

  it('tells the history, the ranking, the repairs, the blind spots and the duties', async () => {
    const to = Math.round(world.clock.wall());
    const cell = 'item=one-key-video&level=working';
    const history = apiHistory.parse(
      await json(`${base}/history?${cell}&length=minute&from=${to - 600_000}&to=${to}`),
    );
    expect(
      history.items.every(
        ({ spent_ms, from, to }) => Object.values(spent_ms).reduce((a, b) => a + b) === to - from,
      ),
    ).toBe(true);
    expect(itemsOf(apiRanked).parse(await json(`${base}/ranking?${cell}`)).items).toMatchObject([
      { campus: 'school' },
    ]);
    const [repairs] = itemsOf(apiRepairs).parse(await json(`${base}/repairs?campus=school`)).items;
    expect(repairs!.repairs.map(({ code }) => code)).toContain('never-proved');
    const [floor] = itemsOf(apiBlindSpots).parse(await json(`${school}/blind-spots`)).items;
    // Whether its clock is right is not known: it counts for nothing yet.
    expect(floor).toMatchObject({ zones: [{ zone: 'yard', area_m2: 16, blind_m2: 16 }], largest_hole: null });
    expect(itemsOf(apiDuty).parse(await json(`${school}/duties`)).items).toContainEqual(
      expect.objectContaining({ what: { drill: 'month' }, state: 'due' }),
    );
  });

  it('tells of each campus what is still to be done', async () => {
    const { items } = itemsOf(apiDutiesOfCampus).parse(await json(`${base}/duties`));
    expect(items).toMatchObject([
      { campus: 'school', county: 'east', drill: { what: { drill: 'month' }, state: 'due' } },
    ]);
    const duties = itemsOf(apiDuty).parse(await json(`${school}/duties`)).items;
    const tests = duties.filter(({ what }) => 'test' in what);
    const { done, due, overdue } = items[0]!.tests;
    expect(done + due + overdue).toBe(tests.length);
    expect(tests.length).toBeGreaterThan(0);
  });

  it('a drill that is recorded is done, and one of the future is refused', async () => {
    const held_at = Math.round(world.clock.wall()) - 60_000;
    expect((await world.post(`${school}/drills`, { held_at })).status).toBe(401);
    expect((await world.post(`${school}/drills`, { held_at: held_at + 3_600_000 }, token())).status).toBe(
      400,
    );
    expect((await world.post(`${school}/drills`, { held_at }, token())).status).toBe(201);
    expect((await world.post(`${school}/drills`, { held_at }, token())).status).toBe(409);
    expect(itemsOf(apiDuty).parse(await json(`${school}/duties`)).items[0]).toMatchObject({ state: 'done' });
  });

  it('maintenance that is ended before its time excuses nothing from then on', async () => {
    const from = Math.round(world.clock.wall());
    const about = { of: { device: 'gate/b1' }, from, to: from + 3_600_000, reason: 'new cable', by: 'li' };
    const declared = (await (await world.post(`${school}/maintenance`, about, token())).json()) as {
      id: number;
    };
    const button = async () => {
      const { items } = apiParts.parse(await json(`${school}/parts?item=one-key-video&level=working`));
      return items.find(({ subject }) => 'device' in subject && subject.device === 'gate/b1')!.answer;
    };
    await world.clock.pass(2_000);
    expect(await button()).toBe('maintenance');
    const then = apiVerdict.parse(await json(school));
    await world.clock.pass(1_000);
    const end = (id: number) => world.post(`${school}/maintenance/${id}/end`, { by: 'li' }, token());
    expect((await end(9_999)).status).toBe(404);
    expect((await end(declared.id)).status).toBe(201);
    await world.clock.pass(2_000);
    expect(await button()).toBe('yes');
    expect((await end(declared.id)).status).toBe(409);
    const { items } = itemsOf(apiEvidence.shape.items.element).parse(await json(`${school}/maintenance`));
    expect(items).toMatchObject([
      { kind: 'maintenance', to: expect.toSatisfy((to: number) => to < about.to) },
    ]);
    // What was so before is what it was.
    const past = await json(`${school}?moment=${then.moment}&as_of=${then.as_of}`);
    expect(apiVerdict.parse(past).cells).toEqual(then.cells);
    await world.close();
    await world.start();
    const ledger = world.fourHundred.campus('school')!;
    expect(ledger.open().some(({ answer }) => answer === 'maintenance')).toBe(false);
  });

  it('maintenance that is declared is shown as such and is not working', async () => {
    const from = Math.round(world.clock.wall());
    const about = { from, to: from + 3_600_000, reason: 'new cable', by: 'li' };
    expect(
      (await world.post(`${school}/maintenance`, { of: { device: 'gate/b9' }, ...about }, token())).status,
    ).toBe(404);
    expect(
      (await world.post(`${school}/maintenance`, { of: { device: 'gate/b1' }, ...about }, token())).status,
    ).toBe(201);
    const { items } = apiParts.parse(await json(`${school}/parts?item=one-key-video&level=working`));
    expect(items.find(({ subject }) => 'device' in subject && subject.device === 'gate/b1')).toMatchObject({
      answer: 'maintenance',
      text: { en: expect.stringContaining('new cable') },
    });
  });

  it('what a spreadsheet would run as a formula is text in CSV and XLSX', async () => {
    const verdict = apiVerdict.parse(await json(school));
    const { items } = apiParts.parse(await json(`${school}/parts`));
    const evil = { ...items[0]!, text: { zh: '+1', en: '=HYPERLINK("http://evil","x")' }, evidence: [] };
    expect(verdictCsv({ verdict, parts: [evil], evidence: [] })).toContain(
      `,'+1,"'=HYPERLINK(""http://evil""`,
    );
    const csv = await world.get(`${school}/export`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect((await csv.text()).split('\r\n').length).toBeGreaterThan(items.length);
    const xlsx = await world.get(`${school}/export?format=xlsx`);
    expect(xlsx.headers.get('content-disposition')).toMatch(/filename="school-2026-09-01\.xlsx"/);
    const [cells] = await readExcel(Buffer.from(await xlsx.arrayBuffer()));
    expect(cells!.data).toHaveLength(13);
  });

  it('a report prints in both languages, runs nothing, and keeps the verdict that it was made from', async () => {
    expect((await world.post(`${base}/reports`, { month: '2026-10' }, token())).status).toBe(400);
    for (const about of [{ campus: 'school' }, {}]) {
      const made = await world.post(`${base}/reports`, { month: '2026-09', ...about }, token());
      expect(made.status).toBe(201);
      const { page } = apiReport.parse(await made.json());
      const zh = await world.get(page);
      expect(zh.headers.get('content-security-policy')).not.toContain('unsafe');
      const text = await zh.text();
      expect(text).toContain('专职保安');
      expect(text).not.toMatch(/<script|<style| style=| on\w+=/);
      expect(await (await world.get(`${page}?lang=en`)).text()).toContain('What would lift it to 100 %');
      const from = Math.round(world.clock.wall());
      const works = { of: 'campus', from, to: from + 3_600_000, reason: 'works', by: 'li' };
      await world.post(`${school}/maintenance`, works, token());
      await world.clock.pass(60_000);
      expect(await (await world.get(page)).text()).toBe(text);
    }
    expect((await world.get('/reports/style.css')).headers.get('content-type')).toContain('text/css');
    expect((await world.get('/reports/99')).status).toBe(404);
    expect(itemsOf(apiReport).parse(await json(`${base}/reports`)).items).toHaveLength(2);
  });

  it('the city goes out as CSV and XLSX', async () => {
    const csv = await world.get(`${base}/export`);
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="lakeside-/);
    // A head, twelve cells of the city and twelve of its one county.
    const lines = (await csv.text()).trim().split('\r\n');
    expect(lines).toHaveLength(25);
    expect(lines[13]).toMatch(/^lakeside,east,/);
    const xlsx = await world.get(`${base}/export?format=xlsx`);
    const sheets = await readExcel(Buffer.from(await xlsx.arrayBuffer()));
    expect(sheets.map(({ sheet, data }) => [sheet, data.length])).toEqual([
      ['sums', 25],
      ['campuses', 13],
    ]);
  });

  it('a report goes out as JSON, CSV and XLSX with the figures it was made with', async () => {
    const made = await world.post(`${base}/reports`, { month: '2026-09' }, token());
    const { id } = apiReport.parse(await made.json());
    const report = monthlyReport.parse(await json(`${base}/reports/${id}`));
    expect(report).toMatchObject({ campus: null, month: '2026-09', counties: [{ county: 'east' }] });
    const csv = await world.get(`${base}/reports/${id}?format=csv`);
    expect(csv.headers.get('content-disposition')).toMatch(/-2026-09\.csv"$/);
    // A head, twelve cells of the city and twelve of its one county.
    expect((await csv.text()).trim().split('\r\n')).toHaveLength(1 + 12 + 12);
    const xlsx = await world.get(`${base}/reports/${id}?format=xlsx`);
    const sheets = await readExcel(Buffer.from(await xlsx.arrayBuffer()));
    expect(sheets.map(({ sheet }) => sheet)).toEqual(['cells', 'repairs']);
    expect(sheets[0]!.data).toHaveLength(25);
    expect((await world.get(`${base}/reports/99`)).status).toBe(404);
  });

  it('a change of the verdict is told on the feed', async () => {
    const rows = await world.store.read<{ subject: string }>(
      `SELECT subject FROM events WHERE type = 'verdict'`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ subject }) => subject === 'school')).toBe(true);
  });
});
