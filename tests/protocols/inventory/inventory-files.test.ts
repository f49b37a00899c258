import { describe, expect, it } from 'vitest';
import { joinFiles } from '#protocols/inventory/inventory-files.ts';
import { hilltop } from './hilltop.ts';

const city = { file: 'city.yaml', value: { city: { id: 'lakeside' }, counties: [{ id: 'east' }] } };
const campus = (file: string, more = {}) => ({ file, value: { campuses: [{ ...hilltop, ...more }] } });
const valley = {
  id: 'valley',
  gateways: [],
  gates: [],
  fence: [],
  posts: [],
  patrol: [],
  zones: [],
  rosters: [],
};

function said(files: Parameters<typeof joinFiles>[0]): string[] {
  return (joinFiles(files).complaints ?? []).map(({ file, path, text }) => {
    expect(text.zh).toMatch(/\p{Script=Han}/u);
    return `${file} ${path.join('.')}: ${text.en}`;
  });
}

describe('the inventory of a city in several files', () => {
  it('is joined', () => {
    const { city: joined } = joinFiles([city, campus('hilltop.yaml'), campus('valley.yaml', valley)]);
    expect(joined?.campuses.map(({ id }) => id)).toEqual(['hilltop', 'valley']);
  });

  it('an id that another file has already', () => {
    expect(said([city, campus('a.yaml'), campus('b.yaml')])).toEqual([
      'b.yaml campuses.0.id: there is already a campus hilltop',
    ]);
    expect(
      said([city, campus('a.yaml'), campus('b.yaml', { ...valley, gateways: hilltop.gateways })]),
    ).toEqual(['b.yaml campuses.0.gateways.0.id: there is already a gateway gw-hill, on hilltop']);
    expect(said([city, { ...city, file: 'again.yaml' }])).toEqual([
      'again.yaml city: the city is in another file already: lakeside',
    ]);
    expect(said([city, { file: 'more.yaml', value: { counties: [{ id: 'east' }] } }])).toEqual([
      'more.yaml counties.0.id: there is already a county east',
    ]);
  });

  it('what cannot be read is told with its file and field, and nothing is made of the rest', () => {
    const broken = campus('broken.yaml', {
      type: 'university',
      pupils: { day: -1 },
      calendar: {
        time_zone: 'Asia/Nowhere',
        windows: [{ id: 'noon', kind: 'arrival', from: '7:20', to: '08:00' }],
      },
      zones: [{ id: 'Lab', kind: 'laboratory', polygon: [[0, 0]], seen_by: ['cam'] }],
    });
    const { city: none } = joinFiles([city, broken, campus('fine.yaml')]);
    expect(none).toBe(null);
    expect(said([city, broken, campus('fine.yaml')])).toEqual([
      expect.stringMatching(/^broken.yaml campuses.0.type: Invalid option/),
      expect.stringMatching(/^broken.yaml campuses.0.pupils.day: Too small/),
      'broken.yaml campuses.0.calendar.time_zone: expected the name of a time zone, as in Asia/Shanghai',
      'broken.yaml campuses.0.calendar.windows.0.from: expected a time of day as in 07:20',
      'broken.yaml campuses.0.zones.0.id: use 1 to 64 of a-z, 0-9 and inner hyphens',
      'broken.yaml campuses.0.zones.0.polygon: a polygon has at least three corners',
      'broken.yaml campuses.0.zones.0.seen_by.0: expected gateway/device',
    ]);
  });

  it('no file names the city', () => {
    expect(said([{ file: 'empty.yaml', value: {} }])).toEqual(['empty.yaml city: no file names the city']);
  });
});
