import { evidenceOfState } from '#protocols/four-hundred/from-messages.ts';
import type { Device, Gateway } from '../liveness/fleet.ts';
import type { Word } from './evidence-store.ts';

/** Of the time that a good word holds, what may pass before it is said again: one heartbeat of three. */
const renewedAfter = 1 / 3;

/** A word that was told, and what it was made of: the same again needs no look. */
interface Told {
  text: string;
  at: number;
  made: Made;
}
type Made = readonly [
  state: Gateway['state'],
  verdict: Device['verdict'],
  report: Device['report'],
  heard: number,
];

/** What liveness says of devices, each word told once and renewed before it lapses. */
export class LivenessWords {
  /** By gateway and device. */
  readonly #told = new Map<string, Map<string, Told>>();
  /** Of the words that were given out and not told yet. */
  readonly #made = new Map<string, Made>();

  /** What is to be told of the devices of a gateway now. */
  of(campus: string, gateway: Gateway, wanted: ReadonlySet<string>, now: number): Word[] {
    // Since the start of the cloud nobody has told anything of it: that is our ignorance, not its silence.
    if (gateway.state === 'unknown' || gateway.campus !== campus) return [];
    const words: Word[] = [];
    const before = this.#told.get(gateway.id);
    for (const device of gateway.devices.values()) {
      const told = before?.get(device.id);
      const heard = device.heardAt ?? gateway.heardAt ?? device.since;
      const made: Made = [gateway.state, device.verdict, device.report, heard];
      if (told !== undefined && made.every((one, i) => one === told.made[i])) continue;
      const ref = `${gateway.id}/${device.id}`;
      if (!wanted.has(ref)) continue;
      const word = wordOf(campus, gateway, device, now);
      const news = told === undefined || told.text !== textOf(word);
      const { holds_ms, at } = word.piece;
      if (!news && (holds_ms === null || at - told.at < holds_ms * renewedAfter)) continue;
      words.push(word);
      this.#made.set(ref, made);
    }
    return words;
  }

  /** They are committed. */
  told(words: readonly Word[]): void {
    for (const word of words) {
      const { device: ref, at } = word.piece;
      const made = this.#made.get(ref);
      if (made === undefined) continue;
      const slash = ref.indexOf('/');
      const gateway = ref.slice(0, slash);
      const told = this.#told.get(gateway) ?? new Map<string, Told>();
      this.#told.set(gateway, told.set(ref.slice(slash + 1), { text: textOf(word), at, made }));
    }
    this.#made.clear();
  }

  /** Says everything of a gateway again: it may be another campus that listens. */
  again(gateway: string): void {
    this.#told.delete(gateway);
  }
}

function wordOf(campus: string, gateway: Gateway, device: Device, now: number): Word {
  const { verdict, report } = device;
  const missing = gateway.state === 'online' && report === null;
  const renewed = verdict.state === 'good' || verdict.state === 'fault' || verdict.state === 'alarm';
  const at = renewed ? (device.heardAt ?? gateway.heardAt ?? device.since) : device.since;
  const {
    id: _id,
    known_at: _known,
    ...piece
  } = evidenceOfState(
    { id: 0, gateway: gateway.id, known_at: now },
    {
      device: device.id,
      state: missing ? 'missing' : verdict.state,
      at: Math.min(at, now),
      heartbeat_s: report?.heartbeat_s ?? 60,
      reason:
        verdict.state === 'fault' || verdict.state === 'offline' ? (verdict.reason ?? undefined) : undefined,
    },
  );
  return { campus, piece };
}

function textOf({ campus, piece: { state, holds_ms, reason } }: Word): string {
  return `${campus} ${state} ${holds_ms} ${reason?.en ?? ''}`;
}
