import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  apiCampusEntry,
  apiCampusMap,
  apiDifference,
  apiInventory,
  apiInventoryVersion,
} from '#protocols/api-inventory.ts';
import { apiVerdict } from '#protocols/api-four-hundred.ts';
import { feedEvent, itemsOf, problem } from '#protocols/api.ts';
import type { CampusEntryFull } from '#protocols/inventory/entry.ts';
import { ApiWorld } from './api-world.ts';
import { city } from './four-hundred-school.ts';

let world: ApiWorld;
const base = '/api/v1/inventory';
const school = `${base}/campuses/school`;

beforeEach(async () => {
  world = new ApiWorld();
  world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
  world.inventory = city;
  await world.start();
  await world.clock.pass(2_000);
});
afterEach(() => world.close());

const token = () => ({ authorization: `Bearer ${world.token}` });
function send(method: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(world.api.url + path, {
    method,
    headers: { ...token(), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
const read = (path: string) => world.get(path, token());
async function entry(): Promise<{ entry: CampusEntryFull; etag: string }> {
  const answer = await read(school);
  expect(answer.status).toBe(200);
  return { entry: apiCampusEntry.parse(await answer.json()), etag: answer.headers.get('etag')! };
}
/** A change of the school that is sent whole; resolves with the status and the mistakes. */
async function put(change: (entry: CampusEntryFull) => void) {
  const { entry: one, etag } = await entry();
  change(one);
  const answer = await send('PUT', school, one, { 'if-match': etag });
  if (answer.ok) return { status: answer.status, errors: [] };
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const told = (await answer.json()) as { errors?: { pointer: string; detail: string }[] };
  return { status: answer.status, errors: told.errors ?? [] };
}
const corners = (...points: [number, number][]) => points;

describe('the inventory through the API', () => {
  it('is read by list, whole and as a map', async () => {
    const list = apiInventory.parse(await (await read(base)).json());
    expect(list).toMatchObject({
      city: { id: 'lakeside' },
      campuses: [{ id: 'school', version: 1, zones: 2, devices: { button: 1, camera: 1, input: 1 } }],
    });
    const { entry: whole, etag } = await entry();
    expect(etag).toBe('"1"');
    expect(whole.gateways[0]!.devices).toHaveLength(3);
    const map = apiCampusMap.parse(await (await read(`${school}/map`)).json());
    expect(map.devices.find(({ device }) => device === 'gate/cam')?.sight?.angle_deg).toBe(90);
    expect(JSON.stringify(map)).not.toContain('guard-1');
  });

  it('a change is judged in the next turn, and the verdict names the version that it was made with', async () => {
    const before = apiVerdict.parse(await (await read('/api/v1/four-hundred/campuses/school')).json());
    expect(before.inventory_version).toBe(1);
    const roll = (verdict: typeof before) => verdict.cells[0]!;
    expect((await put((one) => void (one.pupils.day = 999))).status).toBe(200);
    await world.clock.pass(2_000);
    const after = apiVerdict.parse(await (await read('/api/v1/four-hundred/campuses/school')).json());
    expect(after.inventory_version).toBe(2);
    expect(roll(after).parts.no).toBe(roll(before).parts.no + 1);
    const { moment, as_of } = before;
    const then = await read(`/api/v1/four-hundred/campuses/school?moment=${moment}&as_of=${as_of}`);
    expect(apiVerdict.parse(await then.json())).toMatchObject({ inventory_version: 1, cells: before.cells });
  });

  it('a change is told on the feed, of a campus that is taken out too', async () => {
    const told = async (after: number) => {
      const answer = await read(`/api/v1/events?last_event_id=${after}`);
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      while (!text.includes('event: inventory')) text += (await reader.read()).value ?? '';
      await reader.cancel();
      const [, line] = /event: inventory\ndata: (.*)/.exec(text)!;
      return feedEvent.parse(JSON.parse(line!)).data;
    };
    const last = async () =>
      (await world.store.read<{ id: number }>('SELECT MAX(id) AS id FROM events'))[0]!.id;
    let before = await last();
    await put((one) => void (one.pupils.day = 700));
    expect(await told(before)).toEqual({ campus: 'school', version: 2, removed: false });
    before = await last();
    const { etag } = await entry();
    await fetch(world.api.url + school, { method: 'DELETE', headers: { ...token(), 'if-match': etag } });
    expect(await told(before)).toEqual({ campus: 'school', version: 3, removed: true });
  });

  it('of two who change what both have read, the second is told, and nothing is overwritten', async () => {
    const { entry: one, etag } = await entry();
    const first = await send('PUT', school, { ...one, boarding: true }, { 'if-match': etag });
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
    const second = await send('PUT', school, { ...one, boarding: false }, { 'if-match': etag });
    expect(second.status).toBe(412);
    expect(problem.parse(await second.json()).detail).toContain('version 2');
    expect((await send('PUT', school, one)).status).toBe(428);
    expect((await entry()).entry.boarding).toBe(true);
  });

  it('a merge patch changes what it names and nothing else', async () => {
    const { etag } = await entry();
    const patch = { pupils: { boarders: 12 }, name: { zh: '一小', en: 'First' } };
    const answer = await send('PATCH', school, patch, {
      'if-match': etag,
      'content-type': 'application/merge-patch+json',
    });
    expect(answer.status).toBe(200);
    const { entry: after } = await entry();
    expect(after.pupils).toEqual({ day: 80, boarders: 12 });
    expect(after.zones).toHaveLength(2);
    const gone = await send('PATCH', school, { type: null }, { 'if-match': '"2"' });
    expect(gone.status).toBe(400);
    expect((await entry()).etag).toBe('"2"');
  });

  it('every version is kept with who and why; one compares them, and goes back', async () => {
    const { entry: one, etag } = await entry();
    one.zones[0]!.key = true;
    one.guards.push({ id: 'guard-2' });
    await send('PUT', `${school}?by=li&note=second+guard`, one, { 'if-match': etag });
    const versions = itemsOf(apiInventoryVersion).parse(
      await (await read(`${school}/versions`)).json(),
    ).items;
    expect(versions).toMatchObject([
      { version: 2, source: 'api', by: 'li (local token)', note: 'second guard' },
      { version: 1, source: 'file', by: 'inventory folder' },
    ]);
    const answer = await read(`${school}/differences?from=1`);
    expect(itemsOf(apiDifference).parse(await answer.json()).items).toEqual([
      { pointer: '/guards/guard-2', what: 'added', after: { id: 'guard-2' } },
      { pointer: '/zones/yard/key', what: 'changed', before: false, after: true },
    ]);
    expect(
      (await send('POST', `${school}/versions/1/restore`, undefined, { 'if-match': '"1"' })).status,
    ).toBe(412);
    expect(
      (await send('POST', `${school}/versions/1/restore`, undefined, { 'if-match': '"2"' })).status,
    ).toBe(200);
    const { entry: back, etag: third } = await entry();
    expect([back.guards.length, third]).toEqual([1, '"3"']);
  });

  it('a campus is taken out and comes again with its versions', async () => {
    const { entry: one, etag } = await entry();
    expect((await send('DELETE', school, undefined, { 'if-match': etag })).status).toBe(204);
    await world.clock.pass(2_000);
    expect((await read(school)).status).toBe(404);
    expect((await read('/api/v1/four-hundred/campuses/school')).status).toBe(404);
    expect((await send('PUT', school, one, { 'if-match': etag })).status).toBe(412);
    expect((await send('PUT', school, one, { 'if-none-match': '*' })).headers.get('etag')).toBe('"3"');
    await world.clock.pass(2_000);
    expect((await read('/api/v1/four-hundred/campuses/school')).status).toBe(200);
  });

  it('after a restart it is what it was, and a file follows only what nobody has changed', async () => {
    await put((one) => void (one.boarding = true));
    await world.close();
    world.inventory = { ...city, campuses: [{ ...city.campuses[0]!, pupils: { day: 999, boarders: 0 } }] };
    await world.start();
    const { entry: after, etag } = await entry();
    expect([after.boarding, after.pupils.day, etag]).toEqual([true, 80, '"2"']);
  });

  it('a file that changes is followed at the next start while nobody has changed the campus', async () => {
    await world.close();
    world.inventory = { ...city, campuses: [{ ...city.campuses[0]!, pupils: { day: 999, boarders: 0 } }] };
    await world.start();
    const { entry: after, etag } = await entry();
    expect([after.pupils.day, etag]).toEqual([999, '"2"']);
    await world.close();
    await world.start();
    expect((await entry()).etag).toBe('"2"');
  });
});

describe('bad input', () => {
  const wrong: [string, (entry: CampusEntryFull) => void, string, RegExp][] = [
    [
      'a polygon that crosses itself',
      (one) => void (one.zones[0]!.polygon = corners([6, 4], [14, 6], [14, 4], [6, 6])),
      '/zones/0/polygon',
      /crosses itself/,
    ],
    [
      'zones that overlap',
      (one) => void one.zones.push({ ...one.zones[0]!, id: 'other' }),
      '/zones/2/polygon',
      /overlaps the zone yard/,
    ],
    [
      'a zone outside of the plan',
      (one) => void (one.zones[0]!.polygon = corners([6, 4], [34, 4], [34, 6])),
      '/zones/0/polygon',
      /outside of its plan/,
    ],
    [
      'a camera without an angle',
      (one) => void delete (one.gateways[0]!.devices[2]!.sight as { angle_deg?: number }).angle_deg,
      '/gateways/0/devices/2/sight/angle_deg',
      /horizontal angle/,
    ],
    [
      'a window that crosses midnight',
      (one) => void Object.assign(one.calendar.windows[1]!, { from: '22:00', to: '02:00' }),
      '/calendar/windows/1/to',
      /crosses midnight/,
    ],
    [
      'a window that crosses a change of the clocks',
      (one) => {
        one.calendar.time_zone = 'Europe/Berlin';
        Object.assign(one.calendar.windows[0]!, { from: '01:30', to: '03:30' });
      },
      '/calendar/windows/0',
      /2026-10-25/,
    ],
    ['an id twice', (one) => void one.gates.push({ ...one.gates[0]! }), '/gates/1/id', /already a gate/],
    [
      'a device that is not there',
      (one) => void one.gates[0]!.watched_by.push('gate/nothing'),
      '/gates/0/watched_by/1',
      /no device gate\/nothing/,
    ],
    ['a county that is not there', (one) => void (one.county = 'west'), '/county', /no county west/],
    ['a mistyped key', (one) => void Object.assign(one, { pupil: 3 }), '', /pupil/],
  ];
  it.each(wrong)('%s is refused by its place, and nothing is changed', async (_, change, pointer, text) => {
    const { status, errors } = await put(change);
    expect(status).toBe(400);
    expect(errors).toContainEqual(
      expect.objectContaining({ pointer, detail: expect.stringMatching(text), text: expect.anything() }),
    );
    expect((await entry()).etag).toBe('"1"');
  });

  it('one gateway on two campuses is refused, by the name of where it is', async () => {
    const { entry: one } = await entry();
    const other = { ...one, id: 'other', zones: [], gates: [], rosters: [] };
    const answer = await send('PUT', `${base}/campuses/other`, other, { 'if-none-match': '*' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      errors: [{ pointer: '/gateways/0/id', detail: 'there is already a gateway gate, on school' }],
    });
  });
});
