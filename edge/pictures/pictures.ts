import { type JpegBounds, NoDecoder, shrunk } from '#platform/jpeg.ts';
import type { HttpPort } from '#platform/http.ts';
import type { Ports } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import { within } from '#platform/within.ts';
import { picturePath, type PicturePlan, planDigest } from '#protocols/pictures.ts';
import type { Notices } from '../notices.ts';
import type { PicturesConfig } from './config.ts';
import { startSender } from './sender.ts';
import { alarmShots, type Shots, type ShotsParts } from './shots.ts';
import { Spool, type SpooledPicture } from './spool.ts';

/** A camera whose verdict flaps gives evidence no more often than this, ms. */
const evidenceGapMs = 600_000;
/** How long the reply to a request waits for its picture to be up. */
const requestWaitMs = 10_000;
/** How long after the last loss people are still told of it, ms. */
const lossTellsMs = 3_600_000;
const asked =
  /^\/api\/v1\/pictures\/[a-z0-9-]{1,64}\/[a-z0-9-]{1,64}\/(request|alarm)\/[a-z0-9][a-z0-9.-]*\/\d+$/;

/** Pictures of the cameras of this gateway, on their way up. */
export interface Pictures {
  /** An alarm was committed and sent. Returns at once, never throws. */
  alarm: Shots['alarm'];
  /** The camera's driver has looked at its picture. Returns at once, never throws. */
  looked(camera: string, jpeg: Uint8Array, verdict: 'good' | 'bad'): void;
  /** Brings up a picture that was asked for: `sent`, or `waits` where it will go up later. */
  send(jpeg: Uint8Array, to: { path: string; ticket: string }): Promise<'sent' | 'waits'>;
  keepPlan(plan: PicturePlan): Promise<void>;
  /** For the birth: which plan it holds. */
  planDigest(): string;
  close(): Promise<void>;
}

export type PicturesSurroundings = Pick<ShotsParts, 'gateway' | 'alarmOnItsWay' | 'act' | 'cloudTime'> & {
  config: PicturesConfig;
  notices: Pick<Notices, 'open' | 'close'>;
};

/** Pictures by HTTP PUT. */
export function startPictures(ports: Ports, http: HttpPort, around: PicturesSurroundings): Pictures {
  const { clock, random } = ports;
  const { config, gateway, alarmOnItsWay, cloudTime, notices } = around;
  const log = ports.log.child({ part: 'pictures' });
  const bounds: JpegBounds = { side: config.longest_side, bytes: config.max_kb * 1024 };
  const spool = new Spool(
    { ...ports, log },
    { bytes: config.spool_mb * 2 ** 20, keptMs: config.spool_days * 86_400_000 },
    (count) => tellLost(count),
  );
  const sender = startSender({
    clock,
    random,
    log,
    http,
    url: config.url,
    spool,
    alarmOnItsWay,
    onStuck(stuck) {
      if (!stuck) return notices.close('pictures', 'waiting');
      notices.open('pictures', 'waiting', {
        zh: '现场图片已一小时无法上传，暂存在网关；报警不受影响',
        en: 'Pictures of the cameras have not gone up for an hour and wait at the gateway; alarms are not affected',
      });
    },
  });
  const judging = new Set<string>();

  let lost = 0;
  let quiet = () => {};
  /** Told until none was lost for a while. */
  function tellLost(count: number): void {
    lost += count;
    notices.open('pictures', 'lost', {
      zh: `网关丢弃了现场图片（累计 ${lost} 张）：未能及时上传；报警不受影响`,
      en: `The gateway has dropped pictures (${lost} so far) that could not go up in time; alarms are not affected`,
    });
    quiet();
    quiet = clock.after(lossTellsMs, () => notices.close('pictures', 'lost'));
  }

  async function keep({ jpeg, ...picture }: Omit<SpooledPicture, 'ticket'> & { ticket?: string }) {
    await spool.add({ ticket: null, ...picture, jpeg: await smallEnough(jpeg, bounds) });
    sender.wake();
  }

  const shots = alarmShots({
    ...around,
    clock,
    log,
    atMs: config.at_s.map((s) => s * 1000),
    plan: () => spool.plan,
    keep,
  });

  async function keepEvidence(camera: string, jpeg: Uint8Array, verdict: 'good' | 'bad'): Promise<void> {
    const at = Math.round(cloudTime());
    const last = await spool.lastEvidence(camera);
    // A disk that cannot say when the last one was would be asked to take one at each look.
    if (last === undefined || spool.plan === null) return;
    const age = last === null ? Infinity : Math.abs(at - last.at);
    const due =
      age >= config.evidence_every_h * 3_600_000 || (last?.verdict !== verdict && age >= evidenceGapMs);
    if (!due) return;
    await spool.keepEvidence(camera, at, verdict);
    const path = picturePath({ gateway, camera, kind: 'evidence', about: verdict, n: at });
    await keep({ path, kind: 'evidence', takenAt: at, jpeg });
  }

  // What waited before the start goes on.
  void spool.start().then(() => sender.wake());

  return {
    alarm: shots.alarm,
    looked(camera, jpeg, verdict) {
      if (config.evidence_every_h === 0 || judging.has(camera)) return;
      judging.add(camera);
      keepEvidence(camera, jpeg, verdict)
        .catch((error: unknown) => log.warn('evidence was not kept', { camera, reason: reasonOf(error) }))
        .finally(() => judging.delete(camera));
    },
    async send(jpeg, { path, ticket }) {
      if (!asked.test(path)) throw new Error('the request names no place for a picture');
      const settled = sender.settled(path);
      await keep({ path, kind: 'request', ticket, takenAt: Math.round(cloudTime()), jpeg });
      let outcome: boolean | null = null;
      await within(
        clock,
        requestWaitMs,
        settled.then((taken) => (outcome = taken)),
      );
      sender.forgo(path);
      if (outcome === false) throw new Error('the cloud refused the picture');
      return outcome === null ? 'waits' : 'sent';
    },
    keepPlan: (plan) => spool.keepPlan(plan),
    planDigest: () => (spool.plan ? planDigest(spool.plan) : ''),
    async close() {
      shots.close();
      sender.close();
      await spool.close();
    },
  };
}

/** Made small; as it came where this gateway has no decoder, if that is small enough: the cloud looks at it anyway. */
async function smallEnough(jpeg: Uint8Array, bounds: JpegBounds): Promise<Uint8Array> {
  try {
    return await shrunk(jpeg, bounds);
  } catch (error) {
    if (error instanceof NoDecoder && jpeg.length <= bounds.bytes) return jpeg;
    throw error;
  }
}
