/**
 * Telemetry's own file. Relaxed: a power cut may take the last commits, so each opening begins an epoch of its own,
 * and no number is ever given twice. `n` is dense within its epoch. `at` is UTC ms by the cloud's clock, or 0 where
 * that was not known.
 */
export const telemetrySchema = `
CREATE TABLE IF NOT EXISTS batches (
  id INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  points TEXT NOT NULL,
  records TEXT NOT NULL DEFAULT '[]',
  UNIQUE (epoch, n)
);
-- Ranges of an epoch that a bound or a pace has dropped, until the cloud no longer waits for them.
CREATE TABLE IF NOT EXISTS gone (
  id INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  held INTEGER NOT NULL,
  why TEXT NOT NULL
);
`;
