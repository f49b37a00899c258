import type { Alarm, AlarmPath } from './alarm.ts';
import * as life from './life.ts';

/**
 * After a cloud has answered that is another than before, all is told afresh once, and for so long not again, ms: where two
 * clouds answer one gateway by mistake, each answer is of another than the one before.
 */
const tellAgainMs = 30_000;
/** So many changes within that time are no restart: two clouds answer. */
const changesOfTwo = 10;

/** Follows which cloud answers: what another one held, and what it refused, holds no more. */
export class CloudEpoch {
  readonly #path: AlarmPath;
  readonly #live: ReadonlyMap<string, Alarm>;
  #changes = 0;
  #waiting = false;
  /** Something has changed since all was told. */
  #owed = false;

  constructor(path: AlarmPath, live: ReadonlyMap<string, Alarm>) {
    this.#path = path;
    this.#live = live;
  }

  answeredBy(epoch: string): void {
    const before = this.#path.cloudEpoch;
    if (before === epoch) return;
    this.#path.cloudEpoch = epoch;
    if (before === null) return this.#tellAll(null);
    this.#changes += 1;
    if (this.#changes === changesOfTwo) this.#tellOfTwo();
    if (this.#waiting) {
      this.#owed = true;
      return;
    }
    this.#tellAll(before);
    this.#wait();
  }

  #tellAll(before: string | null): void {
    const { cloudEpoch } = this.#path;
    for (const alarm of this.#live.values()) {
      const { cloud, refused_in } = alarm.record;
      const heldBefore = cloud?.epoch ?? refused_in ?? before;
      if (heldBefore !== null && heldBefore !== cloudEpoch) life.tell(this.#path, alarm);
    }
  }

  #wait(): void {
    this.#waiting = true;
    this.#path.clock.after(tellAgainMs, () => {
      this.#waiting = false;
      if (this.#path.closed) return;
      if (this.#changes < changesOfTwo) this.#path.notices.close('two-clouds', 'alarm');
      this.#changes = 0;
      if (!this.#owed) return;
      this.#owed = false;
      this.#tellAll(null);
      this.#wait();
    });
  }

  #tellOfTwo(): void {
    this.#path.log.error('two clouds answer this gateway by turns');
    this.#path.notices.open('two-clouds', 'alarm', {
      zh: '有两个云端同时应答本网关，请停用其中一个；报警仍会送达，但可能重复送达接警中心',
      en: 'Two clouds answer this gateway by turns: stop one of them. Alarms are delivered all the same, perhaps repeatedly',
    });
  }
}
