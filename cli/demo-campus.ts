import type { SimulatedHardware } from '#sim/description.ts';

/** The campus that `belfry up` runs: what hangs on its walls, what people call it, and who is told. */
const campus = { id: 'demo-school', name: { zh: '钟楼实验小学', en: 'Belfry Demo Primary School' } };
const gateway = 'demo-gateway';
const account = '1100';

const buttonPlaces = [
  { id: 'north-gate', zh: '北门值班室', en: 'North gate guard room', via: 'pty', silent: false },
  { id: 'south-gate', zh: '南门值班室', en: 'South gate guard room', via: 'pty', silent: false },
  { id: 'duty-office', zh: '总值班室', en: 'Duty office', via: 'tcp', silent: false },
  { id: 'principal', zh: '校长室', en: "Principal's office", via: 'tcp', silent: true },
  { id: 'canteen', zh: '食堂', en: 'Canteen', via: 'tcp', silent: false },
  { id: 'dormitory', zh: '宿舍楼', en: 'Dormitory', via: 'tcp', silent: false },
] as const;

const cameraPlaces = [
  { id: 'north-gate-camera', scene: 'gate', zh: '北门', en: 'North gate' },
  { id: 'kitchen-camera', scene: 'kitchen', zh: '食堂后厨', en: 'Canteen kitchen' },
  { id: 'playground-camera', scene: 'playground', zh: '操场', en: 'Playground' },
];
const camera = { username: 'belfry', password: 'demo' };

const smokePlaces = [
  {
    bus: 'dormitory-bus',
    via: 'pty',
    id: 'dormitory-1-smoke',
    unit: 1,
    zh: '宿舍楼一层',
    en: 'Dormitory, floor 1',
  },
  {
    bus: 'dormitory-bus',
    via: 'pty',
    id: 'dormitory-2-smoke',
    unit: 2,
    zh: '宿舍楼二层',
    en: 'Dormitory, floor 2',
  },
  { bus: 'canteen-bus', via: 'tcp', id: 'kitchen-smoke', unit: 1, zh: '食堂后厨', en: 'Canteen kitchen' },
  { bus: 'canteen-bus', via: 'tcp', id: 'hall-smoke', unit: 2, zh: '食堂大厅', en: 'Canteen hall' },
] as const;
/** Smoke sensors have the zones from here on. */
const firstSmokeZone = 801;

/** What the simulator plays when it is given no file. More `buttons` than the campus has are numbered. */
export function demoHardware(buttons: number = buttonPlaces.length) {
  return {
    buttons: Array.from({ length: buttons }, (_, i) => {
      const place = buttonPlaces[i];
      return {
        id: place?.id ?? `button-${i + 1}`,
        serial: (0xb0000001 + i).toString(16),
        via: place?.via ?? 'pty',
        silent: place?.silent ?? false,
      };
    }),
    centres: [{ id: 'city-110' }],
    cameras: cameraPlaces.map(({ id, scene }) => ({ id, scene, ...camera })),
    buses: [...Map.groupBy(smokePlaces, ({ bus }) => bus)].map(([id, sensors]) => ({
      id,
      via: sensors[0]!.via,
      sensors: sensors.map((sensor) => ({ id: sensor.id, unit: sensor.unit, register: 2 })),
    })),
  };
}

/** edge.yaml of the demo campus, for the hardware as it answers now. */
export function demoEdge(hardware: SimulatedHardware, { mqttPort }: { mqttPort: number }) {
  return {
    campus: campus.id,
    gateway,
    account,
    broker: { url: `mqtt://127.0.0.1:${mqttPort}` },
    direct: { centre: primary(hardware).id, door: dc09Door(hardware) },
    devices: [
      ...hardware.buttons.map(({ id, wiring }, i) => ({ id, ...wiring, zone: i + 1 })),
      ...hardware.smoke.map(({ id, wiring }, i) => ({ id, ...wiring, zone: firstSmokeZone + i })),
      ...hardware.cameras.map(({ id, wiring }) => ({ id, ...wiring })),
    ],
  };
}

/** cloud.yaml of the demo campus. */
export function demoCloud(hardware: SimulatedHardware, ports: { httpPort: number; mqttPort: number }) {
  return {
    broker: { embedded: { port: ports.mqttPort } },
    http: { port: ports.httpPort },
    centres: [
      {
        id: primary(hardware).id,
        name: { zh: '市公安局 110 接警中心', en: 'City police 110 centre' },
        primary: true,
        doors: [{ ...dc09Door(hardware), supervision: { account: '110A', interval_s: 30 } }],
      },
    ],
    campuses: [
      {
        ...campus,
        gateways: [
          {
            id: gateway,
            devices: [
              ...hardware.buttons.map(({ id }, i) => ({ id, kind: 'button', name: buttonName(id, i) })),
              ...smokePlaces.map(({ id, zh, en }) => ({ id, kind: 'smoke', name: { zh, en } })),
              ...cameraPlaces.map(({ id, zh, en }) => ({ id, kind: 'camera', name: { zh, en } })),
            ],
          },
        ],
      },
    ],
  };
}

function buttonName(id: string, index: number) {
  const place = buttonPlaces.find((p) => p.id === id);
  return place === undefined
    ? { zh: `${index + 1} 号按钮`, en: `Button ${index + 1}` }
    : { zh: place.zh, en: place.en };
}

function primary(hardware: SimulatedHardware) {
  const [centre] = hardware.centres;
  if (centre === undefined) throw new Error('the simulated hardware has no 110 centre');
  return centre;
}

function dc09Door(hardware: SimulatedHardware) {
  const { host, port } = primary(hardware);
  return { id: 'dc09', kind: 'dc09', host, port };
}
