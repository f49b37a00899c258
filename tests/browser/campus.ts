import type { ApiAlarm, ApiAlert, ApiCentre, ApiDevice, ApiGateway, ApiLatency } from '#protocols/api.ts';
import { stageNames } from '#protocols/api.ts';

/** A small school as the cloud would tell of it. */
const school = { zh: '实验小学', en: 'Experimental Primary School' };
const names: [id: string, kind: ApiDevice['kind'], zh: string, en: string][] = [
  ['btn-north', 'button', '北门值班室', 'North gate guardroom'],
  ['btn-south', 'button', '南门值班室', 'South gate guardroom'],
  ['btn-office', 'button', '教导处', "Dean's office"],
  ['btn-canteen', 'button', '食堂', 'Canteen'],
  ['cam-north', 'camera', '北门摄像机', 'North gate camera'],
  ['cam-yard', 'camera', '操场摄像机', 'Playground camera'],
  ['smoke-lab', 'smoke', '实验楼二层烟感', 'Laboratory smoke detector, 2nd floor'],
  ['smoke-dorm', 'smoke', '宿舍一层烟感', 'Dormitory smoke detector, ground floor'],
  ['direct', 'direct-path', '直连 110 通道', 'Direct path to 110'],
];

export function place(id: string): ApiDevice['place'] {
  const [, , zh, en] = names.find(([one]) => one === id)!;
  return {
    campus: 'exp-primary',
    campus_name: school,
    gateway: 'gw-1',
    device: id,
    device_name: { zh, en },
  };
}

export function device(id: string, change: Partial<ApiDevice> = {}): ApiDevice {
  const now = Date.now();
  return {
    place: place(id),
    kind: names.find(([one]) => one === id)![1],
    driver: 'button',
    state: 'good',
    reason: null,
    since: now - 3_600_000,
    heard_at: now - 4000,
    heartbeat_s: 30,
    line_open: true,
    facts: {},
    acts: [],
    proofs: [],
    listing: 'listed',
    ...change,
  };
}
export const devices = () => names.map(([id]) => device(id));

export function gateway(change: Partial<ApiGateway> = {}): ApiGateway {
  return {
    campus: 'exp-primary',
    gateway: 'gw-1',
    state: 'online',
    since: Date.now() - 3_600_000,
    heard_at: Date.now() - 1000,
    version: '0.1.0',
    pending_alarms: 0,
    clock_offset_ms: 1.2,
    clock_error_ms: 0.4,
    ...change,
  };
}

export function centre(
  supervision: 'answering' | 'silent' | 'unknown',
  change: Partial<ApiCentre> = {},
): ApiCentre {
  return {
    id: 'city-110',
    name: { zh: '市公安局 110 接警中心', en: 'City police 110 centre' },
    primary: true,
    doors: [
      {
        id: 'dc09-a',
        kind: 'dc09',
        supervision,
        since: supervision === 'unknown' ? null : Date.now() - 95_000,
        round_trip_ms: supervision === 'answering' ? 12.4 : null,
      },
    ],
    ...change,
  };
}

const path = [0, 0.6, 3.9, 4.4, 6.1, 9.8, 10.3, 31.7, 58.2];

/** An alarm that has reached `reached` of the nine stages. `n` names it; `agoMs`: since the press. */
export function alarm(n: number, reached: number, change: Partial<ApiAlarm> = {}, agoMs = 0): ApiAlarm {
  const at = Date.now() - agoMs;
  const delivered = reached >= 8;
  const age = 4.2;
  return {
    id: `gw-1.0123456789abcdef.alarm.${n}`,
    digest: String(n).padStart(64, '0'),
    place: place('btn-north'),
    type: 'press',
    mode: 'real',
    account: '1201',
    zone: 3,
    code: 'E120',
    sequence: n,
    occurred_at: at,
    received_at: at + 10,
    sum: null,
    route: null,
    ended: null,
    origin: `00c0ffee-1-${n}-press`,
    incident: null,
    state: delivered ? 'delivered' : 'stored',
    late: false,
    crossed_restart: false,
    lamp: reached >= 9 ? 'delivered' : reached >= 3 ? 'received' : null,
    centres: delivered
      ? [
          {
            centre: 'city-110',
            door: 'dc09-a',
            primary: true,
            path: 'cloud',
            reference: `1201/${String(n).padStart(4, '0')}`,
            at: at + 31,
            raw: '0a',
          },
        ]
      : [],
    total_ms: delivered ? path[7]! + age : null,
    age_at_first_byte_ms: age,
    stages: stageNames.slice(0, reached).map((name, index) => ({ name, ms: path[index]! })),
    ...change,
  };
}

export function alert(id: number, change: Partial<ApiAlert> = {}): ApiAlert {
  return {
    id,
    code: 'device-offline',
    severity: 'warning',
    subject: 'gw-1/cam-yard',
    campus: null,
    gateway: 'gw-1',
    device: 'cam-yard',
    state: 'open',
    escalated: 0,
    acknowledged: null,
    silenced: null,
    maintenance: null,
    mode: null,
    repeats: 0,
    text: { zh: '操场摄像机 90 秒没有应答。', en: 'Playground camera has not answered for 90 s.' },
    opened_at: Date.now() - 240_000,
    closed_at: null,
    ...change,
  };
}

export function latency(change: Partial<ApiLatency> = {}): ApiLatency {
  const to = Date.now();
  return {
    campus: null,
    from: to - 3_600_000,
    to,
    bound_ms: 2000,
    count: 24,
    undelivered: 0,
    crossed_restart: 0,
    breaches: 0,
    p50_ms: 35.9,
    p95_ms: 118,
    p99_ms: 312,
    ...change,
  };
}
