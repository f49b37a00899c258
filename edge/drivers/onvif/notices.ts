import type { DeviceRecord } from '#protocols/messages/telemetry.ts';

/** One notification of a camera's pull point (ONVIF Core, 9.5), as much of it as is understood. */
export interface CameraNotice {
  topic: string;
  source: string;
  /** What it says is so: `true` or `false`; or another value, such as an instant. */
  state: string;
}

type Told =
  | { kind: 'record'; record: DeviceRecord['kind']; details: DeviceRecord['details'] }
  | { kind: 'storage'; failed: boolean }
  | { kind: 'rebooted'; at: number };

/** ONVIF Core, 8 and Imaging, 6: what is heard of a camera's topics, and what each is called here. */
const scenes: [RegExp, string][] = [
  [/ImageTooDark/, 'too-dark'],
  [/ImageTooBlurry/, 'too-blurry'],
  [/ImageTooBright/, 'too-bright'],
  [/GlobalSceneChange/, 'changed'],
  [/Tamper/i, 'tampered'],
];

/**
 * Reads one camera's notifications: tells changes only, and at most 30 in a minute (`now`: monotonic ms), since some
 * cameras tell the same over and over. A failed storage and a restart are never counted away.
 */
export function noticeReader(): (notice: CameraNotice, now: number) => Told | 'unchanged' | 'too-many' {
  const known = new Map<string, string>();
  let rebootedAt: number | null = null;
  let recent: number[] = [];
  return ({ topic, source, state }, now) => {
    if (/LastReboot/.test(topic)) {
      const at = Date.parse(state);
      const before = rebootedAt;
      if (!Number.isFinite(at)) return 'unchanged';
      rebootedAt = at;
      // Cameras count it from their uptime: it wanders by seconds, and more when the clock is set.
      return before !== null && Math.abs(at - before) > 5000 ? { kind: 'rebooted', at } : 'unchanged';
    }
    const key = `${topic} ${source}`;
    const is = /^(true|1|active)$/i.test(state)
      ? 'true'
      : /^(false|0|inactive)$/i.test(state)
        ? 'false'
        : state;
    if ((known.get(key) ?? 'false') === is) return 'unchanged';
    // A camera that invents topics fills no memory.
    if (known.size > 200) known.clear();
    known.set(key, is);
    if (/StorageFailure/.test(topic)) return { kind: 'storage', failed: is === 'true' };
    const told = recordOf(topic, source, is);
    if (!told) return 'unchanged';
    recent = recent.filter((at) => now - at < 60_000);
    if (recent.length >= 30) return 'too-many';
    recent.push(now);
    return told;
  };
}

function recordOf(topic: string, source: string, state: string): Told | null {
  const details = { state, ...(source ? { source } : {}) };
  const scene = scenes.find(([pattern]) => pattern.test(topic));
  if (scene) return { kind: 'record', record: 'scene', details: { ...details, what: scene[1] } };
  if (/Motion/.test(topic)) return { kind: 'record', record: 'motion', details };
  if (/DigitalInput/.test(topic))
    return { kind: 'record', record: 'event', details: { ...details, what: 'digital-input' } };
  return null;
}
