import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';

/** So many are said in words; the rest are counted. */
const mostSaid = 4;

export interface Complaints {
  set(code: string, sentence: Bilingual | null): void;
  /** It says nothing any more; the complaints hold on for when it speaks again. */
  offline(reason: Bilingual): void;
  /** It was heard: what holds is told, where it is not what was told last. */
  tell(): void;
}

/** What is wrong with one device now, each by a code of its own. Health is told when it changes. */
export function complaints(health: (health: DeviceHealth) => void): Complaints {
  const open = new Map<string, Bilingual>();
  let told = '';
  const say = (next: DeviceHealth) => {
    const text = JSON.stringify(next);
    if (text !== told) health(next);
    told = text;
  };
  return {
    set(code, sentence) {
      if (sentence === null) open.delete(code);
      else open.set(code, sentence);
    },
    offline: (reason) => say({ state: 'offline', reason }),
    tell() {
      if (open.size === 0) return say({ state: 'good' });
      const first = [...open.values()].slice(0, mostSaid);
      const more = open.size - first.length;
      const reason = {
        zh: `${first.map((s) => s.zh).join(' ')}${more > 0 ? ` 另有 ${more} 项。` : ''}`,
        en: `${first.map((s) => s.en).join(' ')}${more > 0 ? ` And ${more} more.` : ''}`,
      };
      say({ state: 'fault', reason });
    },
  };
}
