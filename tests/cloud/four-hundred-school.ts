import { cityInventory } from '#protocols/inventory/campus.ts';

/** A city of one school: a gate with a contact and a button, and a corridor that one camera sees. */
export const city = cityInventory.parse({
  id: 'lakeside',
  counties: [{ id: 'east', name: { zh: '东区', en: 'East' } }],
  campuses: [
    {
      id: 'school',
      county: 'east',
      type: 'primary',
      pupils: { day: 80 },
      calendar: {
        terms: [{ id: 'autumn', from: '2026-09-01', to: '2027-01-22' }],
        windows: [
          { id: 'arrival', kind: 'arrival', from: '07:20', to: '08:00' },
          { id: 'dismissal', kind: 'dismissal', from: '16:00', to: '16:40' },
        ],
      },
      grounds: {
        outline: [
          [0, 0],
          [20, 0],
          [20, 10],
          [0, 10],
        ],
      },
      gateways: [
        {
          id: 'gate',
          devices: [
            { id: 'b1', kind: 'button' },
            { id: 'contact', kind: 'input' },
            {
              id: 'cam',
              kind: 'camera',
              sight: {
                at: [0, 5],
                height_m: 3,
                heading_deg: 0,
                tilt_deg: 45,
                angle_deg: 90,
                vertical_angle_deg: 90,
                range_m: 40,
                resolution: [2560, 1440],
              },
            },
          ],
        },
      ],
      gates: [{ id: 'south', watched_by: ['gate/contact'] }],
      guards: [{ id: 'guard-1' }],
      zones: [
        {
          id: 'yard',
          kind: 'playground',
          polygon: [
            [6, 4],
            [14, 4],
            [14, 6],
            [6, 6],
          ],
        },
        { id: 'gatehouse', kind: 'gatehouse', buttons: ['gate/b1'], seen_by: ['gate/cam'] },
      ],
    },
  ],
});
