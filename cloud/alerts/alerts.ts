import { backoff } from '#platform/backoff.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { AlertCode, ApiAlert } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode } from '#protocols/signal.ts';
import type { Store } from '../store/store.ts';

export interface AlertText {
  code: AlertCode;
  severity: ApiAlert['severity'];
  /** What it is about: a device, a gateway, a centre, an alarm's name. */
  subject: string;
  /** Of the alarm that it is about, where it is about one. */
  mode?: Mode;
  text: Bilingual;
}

/** What people must know. At most one alert is open for a code and subject; both calls may be repeated freely. */
export interface Alerts {
  /**
   * Opens it, unless it is open. Never rejects: what cannot be written is logged and tried again, by itself and by the
   * next call.
   */
  raise(alert: AlertText): Promise<void>;
  /** Tells people again of an alert that is open, in new words; of none that is not. Never rejects. */
  repeat(code: AlertCode, subject: string, text: Bilingual): Promise<void>;
  /**
   * Closes it, if it is open; costs nothing when it is not. `text`: the words that it is closed with. Never rejects.
   */
  clear(code: AlertCode, subject: string, text?: Bilingual): Promise<void>;
  isOpen(code: AlertCode, subject: string): boolean;
  /** Nothing is tried again from now on. */
  close(): void;
}

/** Between two tries of what the disk did not take. */
const pace = { firstMs: 500, maxMs: 30_000 };
/** Subjects whose last word is not written yet; beyond it the next call must try again. */
const unwrittenAtMost = 10_000;

export async function createAlerts(part: {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
}): Promise<Alerts> {
  const { clock, random, log, store } = part;
  const keyOf = (code: string, subject: string) => `${code} ${subject}`;
  // What is open, in memory as well, so that the thousands of calls which change nothing touch no disk. The
  // UNIQUE index of the table stays the judge.
  const rows = await store.read<{ code: string; subject: string }>(
    'SELECT code, subject FROM alerts WHERE closed_at IS NULL',
  );
  const open = new Set(rows.map((row) => keyOf(row.code, row.subject)));

  // The last word on each subject that the disk did not take: who says it may say it only once.
  const unwritten = new Map<string, () => Promise<void>>();
  const waits = backoff(pace, random);
  let cancelRetry: (() => void) | null = null;
  let closed = false;

  function tryAgain(key: string, again: () => Promise<void>): void {
    if (closed || (unwritten.size >= unwrittenAtMost && !unwritten.has(key))) return;
    unwritten.set(key, again);
    cancelRetry ??= clock.after(waits.next(), () => void retry());
  }

  async function retry(): Promise<void> {
    for (const [key, again] of unwritten.entries().toArray()) {
      // A newer word may have come meanwhile.
      if (unwritten.get(key) === again) await again();
      if (closed) return;
    }
    cancelRetry = null;
    if (unwritten.size === 0) waits.reset();
    else cancelRetry = clock.after(waits.next(), () => void retry());
  }

  const alerts: Alerts = {
    async raise(alert) {
      const { code, severity, subject, mode, text } = alert;
      const key = keyOf(code, subject);
      unwritten.delete(key);
      if (open.has(key)) return;
      open.add(key);
      log.warn(`alert: ${text.en}`, { code, severity, subject });
      const at = Math.round(clock.wall());
      try {
        await store.commit(
          [
            {
              sql: `INSERT INTO alerts (code, severity, subject, mode, text, opened_at) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (code, subject) WHERE closed_at IS NULL DO NOTHING`,
              params: [code, severity, subject, mode ?? null, JSON.stringify(text), at],
            },
          ],
          [
            {
              type: 'alert',
              subjectsOf: {
                sql: `SELECT CAST(id AS TEXT) AS subject FROM alerts WHERE code = ? AND subject = ? AND closed_at IS NULL`,
                params: [code, subject],
              },
            },
          ],
        );
      } catch (error) {
        open.delete(key);
        log.error('an alert could not be written', { code, subject, error });
        tryAgain(key, () => alerts.raise(alert));
      }
    },

    async repeat(code, subject, text) {
      if (!open.has(keyOf(code, subject))) return;
      log.warn(`alert, again: ${text.en}`, { code, subject });
      try {
        await store.commit(
          [
            {
              sql: `UPDATE alerts SET repeats = repeats + 1, text = ?
                    WHERE code = ? AND subject = ? AND closed_at IS NULL`,
              params: [JSON.stringify(text), code, subject],
            },
          ],
          [
            {
              type: 'alert',
              subjectsOf: {
                sql: `SELECT CAST(id AS TEXT) AS subject FROM alerts WHERE code = ? AND subject = ? AND closed_at IS NULL`,
                params: [code, subject],
              },
            },
          ],
        );
      } catch (error) {
        log.error('an alert could not be told again', { code, subject, error });
      }
    },

    async clear(code, subject, text) {
      const key = keyOf(code, subject);
      unwritten.delete(key);
      if (!open.delete(key)) return;
      log.info('alert is over', { code, subject });
      const at = Math.round(clock.wall());
      try {
        // The entry comes from the newest one of this code and subject: the one that this commit closes.
        await store.commit(
          [
            {
              sql: `UPDATE alerts SET closed_at = ?, text = COALESCE(?, text)
                    WHERE code = ? AND subject = ? AND closed_at IS NULL`,
              params: [at, text === undefined ? null : JSON.stringify(text), code, subject],
            },
          ],
          [
            {
              type: 'alert',
              subjectsOf: {
                sql: `SELECT CAST(MAX(id) AS TEXT) AS subject FROM alerts WHERE code = ? AND subject = ? HAVING MAX(id) IS NOT NULL`,
                params: [code, subject],
              },
            },
          ],
        );
      } catch (error) {
        open.add(key);
        log.error('an alert could not be closed', { code, subject, error });
        tryAgain(key, () => alerts.clear(code, subject, text));
      }
    },

    isOpen: (code, subject) => open.has(keyOf(code, subject)),

    close() {
      closed = true;
      cancelRetry?.();
      unwritten.clear();
    },
  };
  return alerts;
}
