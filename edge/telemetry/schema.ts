/**
 * Telemetry's own file. Relaxed: a power cut may take the last commits, so an epoch that was not closed in order
 * is not gone on with. `n` is dense within its epoch. Times are UTC ms of the edge's clock.
 */
export const telemetrySchema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  points TEXT NOT NULL,
  records TEXT NOT NULL DEFAULT '[]',
  UNIQUE (epoch, n)
);
`;
