import type { CentreClock, DoorPlace, DoorSignal } from '#platform/doors/door.ts';
import { type HttpCapDoorConfig, httpCapDoor, httpCapDoorConfig } from '#platform/doors/http-cap.ts';
import { realHttp } from '#platform/real/http.ts';
import { memoryDocumentStore } from '#sim/centre/document-store.ts';
import { startHttpCentre } from '#sim/centre/http-centre.ts';
import { manualClock, recordingLog } from './doors-bench.ts';

export const secret = 'a secret of this test';

/** A point as the campus file can tell it. */
export const place: DoorPlace = {
  campus: { zh: '实验小学', en: 'Shiyan Primary School' },
  point: { zh: '校长室', en: "Principal's office" },
  address: { zh: '幸福路 8 号', en: '8 Xingfu Road' },
  building: { zh: '行政楼', en: 'Administration building' },
  storey: { zh: '三层', en: '3rd floor' },
  room: { zh: '301', en: '301' },
  contacts: [
    {
      name: { zh: '张敏', en: 'Zhang Min' },
      role: { zh: '保卫处主任', en: 'head of security' },
      phone: '138 0000 0001',
    },
    { name: { zh: '李强', en: 'Li Qiang' }, phone: '138 0000 0002' },
  ],
  pictures: [
    {
      camera: { zh: '行政楼走廊', en: 'Corridor' },
      url: 'https://pictures.example.org/corridor.jpg?a=1&b=2',
    },
  ],
};

/** A press at 2026-09-01 16:00:00 +08:00. */
export function pressOf(change: Partial<DoorSignal> = {}): DoorSignal {
  return {
    name: 'shiyan-1.0123456789abcdef.alarm.2',
    digest: 'd'.repeat(64),
    type: 'press',
    mode: 'real',
    account: '1234',
    zone: 15,
    code: '120',
    sequence: 2,
    occurredAt: Date.UTC(2026, 8, 1, 8),
    clockKnown: true,
    pressedAtMonotonic: 0,
    place,
    ...change,
  };
}

/** A door and a simulated centre on either end of real HTTP; the clock stands until the test moves it. */
export async function httpDoorAndCentre(config: Partial<HttpCapDoorConfig> = {}) {
  const time = manualClock();
  const { log, lines } = recordingLog();
  const centreClock: CentreClock = { offsetMs: 0 };
  const centre = await startHttpCentre(
    { clock: time.clock, log: recordingLog().log, store: memoryDocumentStore() },
    { host: '127.0.0.1', port: 0, secret },
  );
  let bytes = 0;
  const door = httpCapDoor(
    httpCapDoorConfig.parse({ id: 'cap', kind: 'http-cap', url: centre.url, secret, ...config }),
    {
      clock: time.clock,
      random: { fraction: () => 0.5, bytes: (n) => new Uint8Array(n).fill((bytes += 1)) },
      http: realHttp,
      log,
      centreClock,
    },
  );
  return {
    ...time,
    centre,
    door,
    centreClock,
    lines,
    async close() {
      await door.close();
      await centre.close();
    },
  };
}
