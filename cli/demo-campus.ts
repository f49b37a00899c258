import type { SimulatedHardware } from '#sim/description.ts';

/** The campus that `belfry up` runs: what hangs on its walls, what people call it, and who is told. */
const campus = {
  id: 'demo-school',
  name: { zh: '钟楼实验小学', en: 'Belfry Demo Primary School' },
  address: { zh: '钟楼区晨光路 18 号', en: '18 Chenguang Road, Zhonglou District' },
  contacts: [
    {
      name: { zh: '王建国', en: 'Wang Jianguo' },
      role: { zh: '保卫科科长', en: 'head of security' },
      phone: '0519-5550 0110',
    },
    {
      name: { zh: '陈晓梅', en: 'Chen Xiaomei' },
      role: { zh: '副校长', en: 'deputy head' },
      phone: '0519-5550 0101',
    },
  ],
  buildings: [
    { id: 'gates', name: { zh: '校门', en: 'Gates' } },
    {
      id: 'office-building',
      name: { zh: '行政楼', en: 'Office building' },
      storeys: [
        { id: 'f1', name: { zh: '一层', en: '1st floor' } },
        { id: 'f3', name: { zh: '三层', en: '3rd floor' } },
      ],
    },
    {
      id: 'canteen-building',
      name: { zh: '食堂楼', en: 'Canteen building' },
      storeys: [{ id: 'f1', name: { zh: '一层', en: '1st floor' } }],
    },
    {
      id: 'dormitory-building',
      name: { zh: '宿舍楼', en: 'Dormitory' },
      storeys: [
        { id: 'f1', name: { zh: '一层', en: '1st floor' } },
        { id: 'f2', name: { zh: '二层', en: '2nd floor' } },
      ],
    },
  ],
};
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
/** Where in the buildings each thing is, and which cameras look there. */
const whereabouts: Record<string, { building: string; storey?: string; room?: string; cameras?: string[] }> =
  {
    'north-gate': { building: 'gates', cameras: ['north-gate-camera', 'playground-camera'] },
    'south-gate': { building: 'gates' },
    'duty-office': { building: 'office-building', storey: 'f1', room: '102' },
    principal: { building: 'office-building', storey: 'f3', room: '301' },
    canteen: { building: 'canteen-building', storey: 'f1', cameras: ['kitchen-camera'] },
    dormitory: { building: 'dormitory-building', storey: 'f1', room: '101', cameras: ['playground-camera'] },
    'dormitory-1-smoke': { building: 'dormitory-building', storey: 'f1' },
    'dormitory-2-smoke': { building: 'dormitory-building', storey: 'f2' },
    'kitchen-smoke': { building: 'canteen-building', storey: 'f1', cameras: ['kitchen-camera'] },
    'hall-smoke': { building: 'canteen-building', storey: 'f1', cameras: ['kitchen-camera'] },
    'kitchen-camera': { building: 'canteen-building', storey: 'f1' },
    'north-gate-camera': { building: 'gates' },
  };
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
      sensors: sensors.map((sensor) => ({ id: sensor.id, unit: sensor.unit, model: 'smoke-register-2' })),
    })),
  };
}

/** edge.yaml of the demo campus, for the hardware as it answers now. */
export function demoEdge(
  hardware: SimulatedHardware,
  { mqttPort, pictures }: { mqttPort: number; pictures?: { url: string } },
) {
  return {
    campus: campus.id,
    gateway,
    account,
    broker: { url: `mqtt://127.0.0.1:${mqttPort}` },
    direct: { centre: primary(hardware).id, door: dc09Door(hardware) },
    ...(pictures && { pictures }),
    devices: [
      ...hardware.buttons.map(({ id, wiring }, i) => ({ id, ...wiring, zone: i + 1 })),
      ...hardware.sensors.map(({ id, wiring }, i) => ({ id, ...wiring, zone: firstSmokeZone + i })),
      ...hardware.cameras.map(({ id, wiring }) => ({ id, ...wiring })),
    ],
  };
}

/** Where the demo campus is in the inventory. */
export const demoPlace = { campus: campus.id, gateway };

/** cloud.yaml of the demo campus. */
export function demoCloud(hardware: SimulatedHardware, ports: { httpPort: number; mqttPort: number }) {
  return {
    broker: { embedded: { port: ports.mqttPort } },
    http: { port: ports.httpPort },
    // Each button on each path every quarter of an hour: often enough to be seen at work.
    probes: { every_h: 0.25 },
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
              ...hardware.buttons.map(({ id }, i) => ({
                id,
                kind: 'button',
                name: buttonName(id, i),
                zone: i + 1,
                ...whereabouts[id],
              })),
              ...smokePlaces.map(({ id, zh, en }, i) => ({
                id,
                kind: 'smoke',
                name: { zh, en },
                zone: firstSmokeZone + i,
                ...whereabouts[id],
              })),
              ...cameraPlaces.map(({ id, zh, en }) => ({
                id,
                kind: 'camera',
                name: { zh, en },
                ...whereabouts[id],
              })),
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
