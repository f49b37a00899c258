import type { Bilingual } from '#protocols/messages/bilingual.ts';

export interface NoticeText {
  code: string;
  subject: string;
  open: boolean;
  text: Bilingual;
}

/**
 * What the gateway wants people to know. An open notice is told again in every session; a closed one once.
 * `tell` may fail: what it rejects is told again at the next session.
 */
export class Notices {
  #notices = new Map<string, NoticeText>();
  #tell: ((notice: NoticeText) => Promise<void>) | null = null;

  open(code: string, subject: string, text: Bilingual): void {
    const key = `${code} ${subject}`;
    if (this.#notices.get(key)?.open) return;
    this.#notices.set(key, { code, subject, open: true, text });
    this.#pass(key);
  }

  close(code: string, subject: string): void {
    const key = `${code} ${subject}`;
    const notice = this.#notices.get(key);
    if (!notice?.open) return;
    this.#notices.set(key, { ...notice, open: false });
    this.#pass(key);
  }

  /** A new session: whoever listens may know nothing of what was told before. */
  session(tell: (notice: NoticeText) => Promise<void>): void {
    this.#tell = tell;
    for (const key of this.#notices.keys()) this.#pass(key);
  }

  #pass(key: string): void {
    const notice = this.#notices.get(key);
    if (!notice || !this.#tell) return;
    this.#tell(notice).then(
      () => {
        if (!notice.open && this.#notices.get(key) === notice) this.#notices.delete(key);
      },
      // The link is down: `session` tells it when it is back.
      () => {},
    );
  }
}
