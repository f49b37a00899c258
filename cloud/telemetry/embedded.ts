import type { Clock, Database, Log } from '#platform/ports.ts';
import type { TelemetryBucket, TelemetryStore } from './telemetry-store.ts';

/** Points are kept for so long. */
export const retentionMs = 30 * 86_400_000;
const forgetEveryMs = 3_600_000;
/** Points that are forgotten in one commit, so that a receipt never waits long behind it. */
const forgetAtOnce = 20_000;

export const embeddedSchema = `
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY,
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  field TEXT NOT NULL,
  unit TEXT NOT NULL,
  UNIQUE (gateway, device, field)
);
CREATE TABLE IF NOT EXISTS points (
  series INTEGER NOT NULL REFERENCES series(id),
  at INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS points_at ON points (at);
`;

/** The store for a cloud without an InfluxDB. A power cut may cost the last moments; nothing else does. */
export function embeddedTelemetry(parts: { database: Database; clock: Clock; log: Log }): TelemetryStore {
  const { database, clock, log } = parts;
  let forgetting = Promise.resolve();
  let cancel = () => {};
  const stop = new AbortController();

  async function forget(): Promise<void> {
    const before = Math.round(clock.wall()) - retentionMs;
    let forgotten: number;
    do {
      const [result] = await database.commit([
        {
          sql: 'DELETE FROM points WHERE (series, at) IN (SELECT series, at FROM points WHERE at < ? LIMIT ?)',
          params: [before, forgetAtOnce],
        },
      ]);
      forgotten = result!.changes;
    } while (forgotten === forgetAtOnce && !stop.signal.aborted);
  }

  function turn(): void {
    forgetting = forget()
      .catch((error: unknown) => log.error('old telemetry could not be forgotten', { error }))
      .then(() => {
        if (!stop.signal.aborted) cancel = clock.after(forgetEveryMs, turn);
      });
  }
  turn();

  return {
    async write({ gateway }, points) {
      await database.commit(
        points.flatMap(({ device, field, unit, at, value }) => [
          {
            sql: `INSERT INTO series (gateway, device, field, unit) VALUES (?, ?, ?, ?)
                  ON CONFLICT (gateway, device, field) DO NOTHING`,
            params: [gateway, device, field, unit],
          },
          {
            sql: `INSERT INTO points (series, at, value)
                  SELECT id, ?, ? FROM series WHERE gateway = ? AND device = ? AND field = ?
                  ON CONFLICT (series, at) DO UPDATE SET value = excluded.value`,
            params: [at, value, gateway, device, field],
          },
        ]),
      );
    },

    query({ device: point, field, from, to, everyMs }) {
      const [gateway = '', device = ''] = point.split('/');
      return database.read<TelemetryBucket & Record<string, number>>(
        `SELECT at - at % ? AS at, AVG(value) AS mean, MIN(value) AS min, MAX(value) AS max, COUNT(*) AS count
         FROM points
         WHERE series = (SELECT id FROM series WHERE gateway = ? AND device = ? AND field = ?) AND at >= ? AND at < ?
         GROUP BY 1 ORDER BY 1`,
        [everyMs, gateway, device, field, from, to],
      );
    },

    async close() {
      stop.abort();
      cancel();
      await forgetting;
    },
  };
}
