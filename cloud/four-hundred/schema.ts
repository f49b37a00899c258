/**
 * What the four hundred rest on. Times are UTC ms. Evidence is kept for 200 days, states for 60; cell changes for
 * 35 days, hours for a year, days for ten.
 */
export const fourHundredSchema = `
-- Append-only. \`source\` says what it was made of: the same thing told twice is one piece.
CREATE TABLE IF NOT EXISTS evidence (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  campus TEXT NOT NULL,
  kind TEXT NOT NULL,
  at REAL NOT NULL,
  known_at INTEGER NOT NULL,
  source TEXT NOT NULL UNIQUE,
  -- the piece (JSON) without id and known_at
  piece TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS evidence_campus ON evidence (campus, at);
CREATE INDEX IF NOT EXISTS evidence_known ON evidence (known_at);
-- What came late: of the past it makes another verdict than the one of then.
CREATE INDEX IF NOT EXISTS evidence_late ON evidence (known_at, at, campus) WHERE known_at - at > 60000;
CREATE INDEX IF NOT EXISTS evidence_last ON evidence (campus, kind, json_extract(piece, '$.device'), at);

-- What liveness said of a device, from the first word to the last one that renewed it in time.
CREATE TABLE IF NOT EXISTS device_words (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  campus TEXT NOT NULL,
  device TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  holds_ms REAL,
  at REAL NOT NULL,
  known_at INTEGER NOT NULL,
  last_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS device_words_campus ON device_words (campus, at);

-- What a campus was, and by which rules it was judged, from a moment on (JSON).
CREATE TABLE IF NOT EXISTS campus_plans (
  campus TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  inventory TEXT NOT NULL,
  rules TEXT NOT NULL,
  PRIMARY KEY (campus, from_at)
);

-- From when on a cell had which answer. \`cell\`: 0 to 11, items by levels.
CREATE TABLE IF NOT EXISTS cell_changes (
  campus TEXT NOT NULL,
  cell INTEGER NOT NULL,
  at INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (campus, cell, at)
);
CREATE INDEX IF NOT EXISTS cell_changes_at ON cell_changes (at);

-- How long each of the twelve cells had each answer in an hour, or in a day of China Standard Time (JSON).
CREATE TABLE IF NOT EXISTS cell_spent (
  length TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  campus TEXT NOT NULL,
  spent TEXT NOT NULL,
  PRIMARY KEY (length, campus, from_at)
);

-- The twelve cells of each campus at each full hour, as it was known then (JSON: answers and counts).
CREATE TABLE IF NOT EXISTS kept_cells (
  at INTEGER NOT NULL,
  campus TEXT NOT NULL,
  county TEXT,
  cells TEXT NOT NULL,
  PRIMARY KEY (at, campus)
) WITHOUT ROWID;

-- A report keeps the page it was made as.
CREATE TABLE IF NOT EXISTS four_hundred_reports (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  month TEXT NOT NULL,
  as_of INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  report TEXT NOT NULL
);
`;
