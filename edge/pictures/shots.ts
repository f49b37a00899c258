import type { Clock, Log } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { DeviceAct } from '#protocols/messages/command.ts';
import { type PicturePlan, picturePath } from '#protocols/pictures.ts';
import type { Mode } from '#protocols/signal.ts';
import type { ActResult } from '../driver.ts';
import { turns } from '../turns.ts';

/** A camera that has given no picture by then gives none, ms. */
export const shotLimitMs = 12_000;
/** Cameras that are asked in the same moment for pictures of alarms. */
const atOnce = 4;
/** Shots that may wait for their moment or their turn; more are not taken. */
const waitingLimit = 64;
/** Pictures of alarms that one camera gives in an hour. */
const hourlyLimit = 60;
const hourMs = 3_600_000;
/** For how long at most a shot lets an alarm pass, ms: what it shows is gone soon. */
const makeWayMs = 1000;
const lookAgainMs = 100;
/** Alarms that are no further apart are shown by the same picture. */
const oneMomentMs = 1000;

interface Shot {
  jpeg: Uint8Array;
  /** UTC ms by the cloud's clock. */
  takenAt: number;
}

export interface ShotsParts {
  clock: Clock;
  log: Log;
  gateway: string;
  /** When after the alarm, ms, in order. */
  atMs: readonly number[];
  plan(): PicturePlan | null;
  alarmOnItsWay(): boolean;
  /** Throws or rejects when the device gives none. */
  act(device: string, act: DeviceAct): Promise<ActResult>;
  keep(picture: { path: string; kind: 'alarm'; jpeg: Uint8Array; takenAt: number }): Promise<void>;
  cloudTime(): number;
}

export interface Shots {
  /** Asks the cameras that look at this device, now and at the stated times. Returns at once, never throws. */
  alarm(name: string, device: string, mode: Mode): void;
  close(): void;
}

/**
 * Pictures of an alarm. It was committed and sent before, and nothing of it waits for them. A camera that hangs
 * holds up itself alone; two alarms that it looks at share one picture of one moment.
 */
export function alarmShots(parts: ShotsParts): Shots {
  const { clock, log, gateway, atMs, keep } = parts;
  const ending = new AbortController();
  const places = turns(atOnce);
  const sick = new Set<string>();
  const taking = new Map<string, { at: number; shot: Promise<Shot | null> }>();
  const taken = new Map<string, number[]>();
  let waiting = 0;

  async function take(camera: string): Promise<Shot | null> {
    const shot = await places.take(() => oneShot(camera), ending.signal, sick.has(camera));
    if (shot) sick.delete(camera);
    else sick.add(camera);
    return shot ?? null;
  }

  async function oneShot(camera: string) {
    const until = clock.monotonic() + makeWayMs;
    while (parts.alarmOnItsWay() && clock.monotonic() < until && !ending.signal.aborted) {
      await new Promise<void>((resolve) => void clock.after(lookAgainMs, resolve));
    }
    const takenAt = Math.round(parts.cloudTime());
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new Error(`no picture within ${shotLimitMs / 1000} s`));
      cancel = clock.after(shotLimitMs, giveUp);
    });
    try {
      const { picture } = await Promise.race([parts.act(camera, { do: 'snapshot' }), late]);
      if (!picture) throw new Error('it gave no picture');
      return { jpeg: picture, takenAt };
    } catch (error) {
      log.warn('a camera gave no picture of an alarm', { camera, reason: reasonOf(error) });
      return null;
    } finally {
      cancel();
    }
  }

  async function shoot(alarm: string, camera: string, n: number): Promise<void> {
    const now = clock.monotonic();
    const lately = (taken.get(camera) ?? []).filter((at) => now - at < hourMs);
    if (lately.length >= hourlyLimit) {
      log.warn('no more pictures of alarms from this camera within the hour', { camera, alarm });
      return;
    }
    taken.set(camera, [...lately, now]);
    let running = taking.get(camera);
    if (!running || now - running.at > oneMomentMs) {
      // One after the other: a camera that is slow is not asked twice at once.
      const before = running?.shot ?? Promise.resolve(null);
      running = { at: now, shot: before.then(() => take(camera)) };
      taking.set(camera, running);
    }
    const shot = await running.shot;
    if (taking.get(camera) === running) taking.delete(camera);
    if (shot === null || ending.signal.aborted) return;
    await keep({
      path: picturePath({ gateway, camera, kind: 'alarm', about: alarm, n }),
      kind: 'alarm',
      ...shot,
    });
  }

  return {
    alarm(name, device, mode) {
      // Nobody is photographed for a test, and probes run every day.
      if (mode !== 'real' && mode !== 'drill') return;
      for (const camera of parts.plan()?.cameras[device] ?? []) {
        for (const [i, after] of atMs.entries()) {
          if (waiting >= waitingLimit) {
            log.warn('too many pictures wait to be taken', { camera, alarm: name });
            return;
          }
          waiting += 1;
          clock.after(after, () => {
            if (ending.signal.aborted) return;
            void shoot(name, camera, i + 1)
              .catch((error: unknown) =>
                log.warn('a picture of an alarm was not kept', { camera, reason: reasonOf(error) }),
              )
              .finally(() => (waiting -= 1));
          });
        }
      }
    },
    close: () => ending.abort(),
  };
}
