import { type CampusEntry, type CampusInventory, campusInventory } from '#protocols/inventory/campus.ts';

/** A small primary school, all of it in order: one gatehouse, one gate, one fence, a corridor and a classroom. */
export const hilltop = {
  id: 'hilltop',
  county: 'east',
  type: 'primary',
  pupils: { day: 640 },
  calendar: {
    time_zone: 'Asia/Shanghai',
    terms: [
      { id: 'spring-2026', from: '2026-03-02', to: '2026-07-03' },
      { id: 'autumn-2026', from: '2026-09-01', to: '2027-01-22' },
    ],
    windows: [
      { id: 'arrival', kind: 'arrival', from: '07:20', to: '08:00' },
      { id: 'dismissal', kind: 'dismissal', from: '16:00', to: '16:40' },
    ],
  },
  grounds: {
    outline: [
      [0, 0],
      [60, 0],
      [60, 40],
      [0, 40],
    ],
  },
  buildings: [
    {
      id: 'main',
      storeys: [
        {
          id: 'f1',
          plan: {
            outline: [
              [0, 0],
              [20, 0],
              [20, 10],
              [0, 10],
            ],
            walls: [
              [
                [10, 0],
                [10, 10],
              ],
            ],
          },
        },
      ],
    },
  ],
  gateways: [
    {
      id: 'gw-hill',
      devices: [
        { id: 'press-gatehouse', kind: 'button' },
        { id: 'gate-contact', kind: 'input' },
        { id: 'fence-beam', kind: 'input' },
        { id: 'terminal', kind: 'card-reader' },
        { id: 'round-reader', kind: 'card-reader' },
        { id: 'cam-gate', kind: 'camera' },
        { id: 'cam-corridor', kind: 'camera' },
      ],
    },
  ],
  gates: [{ id: 'south', watched_by: ['gw-hill/gate-contact'] }],
  fence: [{ id: 'north-side', watched_by: ['gw-hill/fence-beam'] }],
  posts: [{ id: 'gatehouse', kind: 'gatehouse', duty: 'always', terminal: 'gw-hill/terminal' }],
  guards: [{ id: 'guard-1' }, { id: 'guard-2' }],
  patrol: [{ id: 'yard', reader: 'gw-hill/round-reader' }],
  zones: [
    {
      id: 'gatehouse',
      kind: 'gatehouse',
      key: true,
      buttons: ['gw-hill/press-gatehouse'],
      seen_by: ['gw-hill/cam-gate'],
    },
    { id: 'corridor', kind: 'corridor', building: 'main', storey: 'f1', seen_by: ['gw-hill/cam-corridor'] },
  ],
  rosters: ['arrival', 'dismissal'].map((window) => ({
    gate: 'south',
    window,
    leader: ['p-1'],
    teacher: ['p-2'],
    guard: ['guard-1'],
    parent: ['p-3'],
    police: ['p-4'],
  })),
} satisfies CampusEntry;

export function inventory(entry: CampusEntry = hilltop): CampusInventory {
  return campusInventory.parse(entry);
}
