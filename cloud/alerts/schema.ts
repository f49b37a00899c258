/** What keeps alerts quiet for a while. Times are UTC ms; rows are kept for good, they are few. */
export const attentionSchema = `
CREATE TABLE IF NOT EXISTS silences (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  severity TEXT NOT NULL,
  reason TEXT NOT NULL,
  by_whom TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  ended_by TEXT,
  ended_at INTEGER
);
CREATE INDEX IF NOT EXISTS silences_until ON silences (until_at) WHERE ended_at IS NULL;

CREATE TABLE IF NOT EXISTS maintenance (
  id INTEGER PRIMARY KEY,
  campus TEXT NOT NULL,
  -- NULL: the whole campus
  gateway TEXT,
  -- JSON list of device ids; NULL: all, and the gateway itself
  devices TEXT,
  reason TEXT NOT NULL,
  by_whom TEXT NOT NULL,
  declared_at INTEGER NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  ended_by TEXT,
  ended_at INTEGER
);
CREATE INDEX IF NOT EXISTS maintenance_until ON maintenance (until_at) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS alerts_opened ON alerts (opened_at);
`;
