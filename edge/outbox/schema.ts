/**
 * `left_at` of a row that has left and is not dated yet: whoever writes it may not know the time, so the next sweep
 * that does dates it. Later than any date.
 */
export const leftUndated = Number.MAX_SAFE_INTEGER;

/**
 * The alarms' own file. A row is written when an alarm is raised, marked when it leaves the outbox, and kept 30
 * days after that: for its receipts, and so that a press that comes again is known (UNIQUE, not a look-up).
 * Levels have no origin; NULLs are distinct, so they never clash. Times are UTC ms.
 */
export const outboxSchema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alarms (
  name TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  origin TEXT,
  -- JSON, see record.ts: all that is needed to go on after a restart
  record TEXT NOT NULL,
  left_at INTEGER,
  UNIQUE (device, origin)
);
CREATE INDEX IF NOT EXISTS alarms_left ON alarms (left_at);
-- A level that is up now and whose rise has been made an alarm.
CREATE TABLE IF NOT EXISTS levels (
  device TEXT NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (device, type)
);
`;
