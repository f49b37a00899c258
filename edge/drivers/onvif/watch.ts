import { backoff } from '#platform/backoff.ts';
import { NoDecoder } from '#platform/jpeg.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { ActResult, DriverContext } from '../../driver.ts';
import type { OnvifCamera } from '../onvif-camera.ts';
import { jittered, pause } from '../pause.ts';
import { agshClient } from './agsh-client.ts';
import { checkUp } from './checkup.ts';
import type { Call, CameraClient } from './client.ts';
import { noticeReader } from './notices.ts';
import { smallPicture } from './picture-scores.ts';
import { pictureWatch } from './picture-watch.ts';
import { lookAtStream } from './stream-look.ts';
import * as words from './words.ts';

/** Longest that one poll or look may take, whatever the camera does. */
const pollLimitMs = 10_000;
/** A camera that was lost is asked again sooner than a heartbeat, as a fraction of it. */
const retrySooner = 1 / 6;
/** After a refused login, so many heartbeats pass before it is tried again: cameras lock out insistence. */
const loginPause = 20;
/** The first looks of all cameras are over this time; from the second on they are over their whole period. */
const firstLooksMs = 120_000;
/** A look whose result must be confirmed comes sooner, as a fraction of the period. */
const confirmSooner = 1 / 6;
/** A look that failed is tried again after so long at most the first time, then more and more slowly. */
const retryLookMs = 60_000;
const recordingsEveryMs = 6 * 3_600_000;
const streamWatchMs = 2000;
const pullS = 20;
const pullLimitMs = (pullS + 10) * 1000;
/** Between two pulls of a camera that answers at once, ms. */
const pullGapMs = 1000;
const dayMs = 86_400_000;

/** What is looked at, in the order in which it matters. */
type Check = 'ladder' | 'clock' | 'storage' | 'picture' | 'stream' | 'recordings';
const order: Check[] = ['ladder', 'clock', 'storage', 'picture', 'stream', 'recordings'];

export interface CameraWatch {
  /** Settles when the watch has stopped; rejects when it has a mistake. */
  ended: Promise<unknown>;
  snapshot(): Promise<ActResult>;
  reboot(): Promise<ActResult>;
}

/** Watches one camera until `context.stop`. */
export function watchCamera(context: DriverContext, device: OnvifCamera): CameraWatch {
  const { clock, random, stop, turns } = context;
  const heartbeatMs = device.heartbeat_s * 1000;
  const problems = new Map<Check, Bilingual>();
  /** The last poll got through, so that a look is worth its while. */
  let reached = false;
  let lost = 0;
  let clockOffsetMs = 0;

  function found(check: Check, problem: Bilingual | null): void {
    if (problem) problems.set(check, problem);
    else problems.delete(check);
  }

  function report(): void {
    const all = order.flatMap((check) => problems.get(check) ?? []);
    if (lost === 1) return; // One poll may be lost to the network; two in a row are the camera.
    if (lost >= 2) context.health(device.id, { state: 'offline', reason: problems.get('ladder')! });
    else if (all.length === 0) context.health(device.id, { state: 'good' });
    else {
      const reason = { zh: all.map((p) => p.zh).join('；'), en: all.map((p) => p.en).join('; ') };
      context.health(device.id, { state: 'fault', reason });
    }
  }

  /** Works with the camera for no longer than `limitMs`; ended by force when that is over or the watch stops. */
  async function within<T>(limitMs: number, work: (camera: CameraClient) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const end = () => ending.abort();
    stop.addEventListener('abort', end);
    if (stop.aborted) end();
    const cancel = clock.after(limitMs, end);
    try {
      return await work(agshClient(new URL(device.address), device, context, ending.signal));
    } finally {
      cancel();
      stop.removeEventListener('abort', end);
      ending.abort();
    }
  }

  /** As `within`, after the clock call: what follows is signed by the camera's clock. */
  const signed = <T>(work: (camera: CameraClient) => Promise<Call<T>>, limitMs = pollLimitMs) =>
    within<Call<T>>(limitMs, async (camera) => {
      const time = await camera.clock();
      return time.ok ? work(camera) : time;
    });

  async function poll(): Promise<void> {
    let loginAt = -Infinity;
    let open: boolean | null = null;
    await pause(clock, random.fraction() * Math.min(heartbeatMs, 3000), stop);
    while (!stop.aborted) {
      const login = clock.monotonic() >= loginAt;
      const seen = await within(pollLimitMs, (camera) => checkUp(camera, login));
      if (stop.aborted) return;
      if (login) loginAt = seen.denied ? clock.monotonic() + loginPause * heartbeatMs : -Infinity;
      lost = seen.rung === 'nothing' || seen.rung === 'tcp' ? lost + 1 : 0;
      reached = seen.rung === 'authenticated';
      const opens = seen.rung !== 'nothing';
      if (open !== opens) context.line(opens, opens ? undefined : seen.problem?.en);
      open = opens;
      found('ladder', seen.problem);
      const offset = seen.clockOffsetMs === null ? null : Math.round(seen.clockOffsetMs / 100) / 10;
      if (lost === 0) {
        const known = Object.entries(seen.information).filter(([, value]) => value !== undefined);
        context.heard(device.id, {
          ...Object.fromEntries(known),
          ...(offset === null ? {} : { clock_offset_s: offset }),
          reached_by: seen.rung,
        });
      }
      if (seen.clockOffsetMs !== null && offset !== null) {
        clockOffsetMs = seen.clockOffsetMs;
        context.measure(device.id, 'clock_offset_s', offset, 's');
        const drifts = device.clock_drift_s > 0 && Math.abs(offset) > device.clock_drift_s;
        found('clock', drifts ? words.clockWrong(clockOffsetMs) : null);
      }
      report();
      await pause(clock, jittered(random, heartbeatMs * (lost === 1 ? retrySooner : 1)), stop);
    }
  }

  /**
   * Looks again and again, in this camera's phase of the period and when it is its turn. `look` says how it went:
   * `soon` asks for another before the period is over; `failed` slows it down and puts it behind the others.
   */
  async function every(periodMs: number, look: () => Promise<'good' | 'soon' | 'failed'>): Promise<void> {
    if (periodMs === 0) return;
    const phase = turns.phase();
    const begun = clock.monotonic();
    const slower = backoff(
      { firstMs: Math.min(periodMs, retryLookMs), maxMs: Math.min(8 * periodMs, recordingsEveryMs) },
      random,
    );
    let failed = false;
    await pause(clock, phase * Math.min(periodMs, firstLooksMs), stop);
    while (!stop.aborted) {
      let went: Awaited<ReturnType<typeof look>> | undefined;
      if (reached) {
        went = await turns.take(look, stop, failed);
        if (stop.aborted) return;
        report();
      }
      failed = went === 'failed';
      if (!failed) slower.reset();
      const soon = went === undefined || went === 'soon';
      const onGrid = (clock.monotonic() - begun - phase * periodMs) / periodMs;
      const untilNext = (Math.ceil(onGrid + 0.25) - onGrid) * periodMs;
      const fraction = went === undefined ? Math.min(periodMs, heartbeatMs) : periodMs;
      await pause(clock, failed ? slower.next() : soon ? fraction * confirmSooner : untilNext, stop);
    }
  }

  const takePicture = () =>
    signed(async (camera) => {
      const at = await camera.snapshotPath();
      return at.ok ? camera.snapshot(at.value) : at;
    });

  const measurePicture = (field: string, value: number, unit: string) =>
    context.measure(device.id, field, Math.round(value * 1000) / 1000, unit);
  const judge = pictureWatch(device.picture);
  let warned = false;
  async function lookAtPicture() {
    const taken = await takePicture();
    if (stop.aborted) return 'failed';
    const small = taken.ok
      ? await smallPicture(taken.value.bytes).catch((error: Error) => error)
      : new Error(taken.why);
    if (taken.ok) {
      measurePicture('snapshot_ms', Math.round(taken.value.tookMs), 'ms');
      measurePicture('snapshot_bytes', taken.value.bytes.length, 'B');
    }
    if (small instanceof NoDecoder) {
      if (!warned)
        context.log.warn('pictures are not judged', { device: device.id, reason: String(small.cause) });
      warned = true;
      context.heard(device.id, { snapshot: true, picture: 'not-judged' });
      found('picture', null);
      return 'good';
    }
    if (small instanceof Error || !taken.ok) {
      const [why = ''] = (small as Error).message.split('\n');
      found('picture', words.noPicture(why.slice(0, 120)));
      context.heard(device.id, { snapshot: false });
      return 'failed';
    }
    const { scores, problem, suspect, reference } = judge(small);
    if (!suspect || problem) context.picture?.(device.id, taken.value.bytes, problem ? 'bad' : 'good');
    found('picture', problem);
    measurePicture('picture_black', scores.black, '');
    measurePicture('picture_overexposed', scores.overexposed, '');
    measurePicture('picture_blurred', scores.blurred, '');
    measurePicture('picture_entropy', scores.entropy, 'bit');
    measurePicture('picture_same_looks', scores.same_looks, '');
    if (scores.view_likeness !== null) measurePicture('picture_likeness', scores.view_likeness, '');
    context.heard(device.id, {
      snapshot: true,
      picture: suspect ? 'bad' : 'good',
      picture_reference: reference,
    });
    return suspect && !problem ? 'soon' : 'good';
  }

  async function lookAtItsStream() {
    const promised = await signed((camera) => camera.stream());
    if (stop.aborted) return 'failed';
    if (!promised.ok) {
      found('stream', words.noStreamAddress(promised.why));
      return 'failed';
    }
    const { at } = promised.value;
    const { hostname: host } = new URL(device.address);
    const target = { host: host.replaceAll(/[[\]]/g, ''), at, login: device, watchMs: streamWatchMs };
    const seen = await lookAtStream(context, target, stop);
    if (stop.aborted) return 'failed';
    context.heard(device.id, { stream: seen.ok });
    if (!seen.ok) {
      found('stream', words.noStream(seen.why, at.port || '554'));
      return 'failed';
    }
    found('stream', words.streamDiffers(seen, promised.value));
    context.heard(device.id, {
      stream_codec: seen.codec,
      ...(seen.size ? { stream_size: `${seen.size.width}x${seen.size.height}` } : {}),
    });
    context.measure(device.id, 'stream_first_packet_ms', Math.round(seen.firstPacketMs), 'ms');
    context.measure(device.id, 'stream_keyframe_ms', Math.round(seen.keyFrameMs), 'ms');
    if (seen.fps !== null) context.measure(device.id, 'stream_fps', Math.round(seen.fps * 10) / 10, '1/s');
    context.measure(device.id, 'stream_kbps', Math.round(seen.kbps), 'kbit/s');
    context.measure(device.id, 'stream_lost_packets', seen.lostPackets, '');
    return 'good';
  }

  async function lookAtRecordings() {
    const since = await signed((camera) => camera.recordedSince());
    if (stop.aborted || !since.ok) {
      // What cannot be asked now says nothing of the recordings: the last word stands.
      return 'failed';
    }
    const now = clock.wall() + clockOffsetMs;
    const days = since.value === null ? null : Math.max(0, Math.floor((now - since.value) / dayMs));
    context.heard(device.id, { recorded_days: days ?? 0 });
    context.measure(device.id, 'recorded_days', days ?? 0, 'd');
    const short = days === null || days < device.recording_days;
    found('recordings', short ? words.recordingsShort(days, device.recording_days) : null);
    return 'good';
  }

  async function listen(): Promise<void> {
    if (!device.events) return;
    const read = noticeReader();
    const pace = backoff({ firstMs: 5000, maxMs: 300_000 }, random);
    let path: string | null = null;
    let dropped = 0;
    while (!stop.aborted) {
      if (!reached) {
        await pause(clock, jittered(random, heartbeatMs), stop);
        continue;
      }
      const begun = clock.monotonic();
      if (path === null) {
        const made: Call<string> = await signed((camera) => camera.subscribe());
        if (made.ok) path = made.value;
      }
      const at: string | null = path;
      const pulled = at === null ? null : await signed((camera) => camera.pull(at, pullS), pullLimitMs);
      if (stop.aborted) return;
      if (!pulled?.ok) {
        path = null;
        context.heard(device.id, { events: false });
        await pause(clock, pace.next(), stop);
        continue;
      }
      pace.reset();
      const before = dropped;
      for (const notice of pulled.value) {
        const told = read(notice, clock.monotonic());
        if (told === 'too-many') dropped += 1;
        else if (told === 'unchanged') continue;
        else if (told.kind === 'record') context.record(device.id, told.record, told.details);
        else if (told.kind === 'rebooted') context.record(device.id, 'rebooted', { camera_time: told.at });
        else {
          found('storage', told.failed ? words.storageFailed : null);
          context.record(device.id, 'storage', { failed: told.failed });
          report();
        }
      }
      context.heard(device.id, { events: true, ...(dropped > before ? { events_dropped: dropped } : {}) });
      await pause(clock, Math.max(0, pullGapMs - (clock.monotonic() - begun)), stop);
    }
  }

  return {
    ended: Promise.all([
      poll(),
      every(device.picture_every_s * 1000, lookAtPicture),
      every(device.stream_every_s * 1000, lookAtItsStream),
      every(device.recording_days > 0 ? recordingsEveryMs : 0, lookAtRecordings),
      listen(),
    ]),
    async snapshot() {
      const taken = await takePicture();
      if (!taken.ok) throw new Error(words.noPicture(taken.why).en);
      await smallPicture(taken.value.bytes).catch((error: unknown) => {
        // As it came, then: whoever asked for it looks at it.
        if (!(error instanceof NoDecoder)) throw error;
      });
      const { bytes, tookMs } = taken.value;
      return { detail: `a picture of ${bytes.length} bytes in ${Math.round(tookMs)} ms`, picture: bytes };
    },
    async reboot() {
      const done = await signed((camera) => camera.reboot());
      if (!done.ok) throw new Error(`the camera does not restart (${done.why})`);
      return { detail: 'the camera restarts' };
    },
  };
}
