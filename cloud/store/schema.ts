/**
 * The cloud's relational state. Plain SQL in the subset that SQLite and PostgreSQL share (ON CONFLICT,
 * RETURNING); times are UTC ms, JSON is text. Deduplication rests on the UNIQUE constraints here.
 */
export const cloudSchema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row for each (name, digest) that the cloud has committed. A second name for a press that is already
-- known by its origin is a row too: same_as names the first, it is answered with that one's state, and it is
-- never dispatched itself.
CREATE TABLE IF NOT EXISTS signals (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  n INTEGER NOT NULL,
  device TEXT NOT NULL,
  type TEXT NOT NULL,
  mode TEXT NOT NULL,
  account TEXT NOT NULL,
  zone INTEGER NOT NULL,
  code TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  clock_known INTEGER NOT NULL,
  origin TEXT,
  same_as INTEGER REFERENCES signals(id),
  incident INTEGER REFERENCES incidents(id),
  -- how far the press lay back when the first copy came in, ms: age at the first byte + time at the edge
  age_at_ingest_ms REAL NOT NULL,
  age_at_first_byte_ms REAL NOT NULL,
  -- UTC ms (cloud clock) of the first byte, placed by the offset estimate
  first_byte_at REAL NOT NULL,
  ingested_at REAL NOT NULL,
  committed_at REAL NOT NULL,
  dispatched_at REAL,
  delivered_at REAL,
  -- who ended the delivery by name: the only way besides a receipt
  ended_by TEXT,
  crossed_restart INTEGER NOT NULL DEFAULT 0,
  late INTEGER NOT NULL DEFAULT 0,
  -- the edge's own account of its loop (JSON edgeStages), from copies and reports
  edge_stages TEXT NOT NULL DEFAULT '{"first_byte":0}',
  lamp TEXT,
  reported INTEGER NOT NULL DEFAULT 0,
  UNIQUE (name, digest)
);
-- One press is one signal, whatever names it came under (origin is NULL for levels, and after 30 days). The
-- mode is a part of it: a press that is told once as a drill and once as real is dispatched as real as well.
CREATE UNIQUE INDEX IF NOT EXISTS signals_origin ON signals (gateway, device, origin, mode) WHERE same_as IS NULL;
CREATE INDEX IF NOT EXISTS signals_remembered ON signals (ingested_at) WHERE origin IS NOT NULL;
CREATE INDEX IF NOT EXISTS signals_same ON signals (same_as) WHERE same_as IS NOT NULL;
CREATE INDEX IF NOT EXISTS signals_recent ON signals (ingested_at);
CREATE INDEX IF NOT EXISTS signals_counter ON signals (gateway, epoch, n);

-- A centre's receipt for a signal, by whichever path it came.
CREATE TABLE IF NOT EXISTS receipts (
  signal INTEGER NOT NULL REFERENCES signals(id),
  centre TEXT NOT NULL,
  door TEXT NOT NULL,
  path TEXT NOT NULL,
  is_primary INTEGER NOT NULL,
  reference TEXT NOT NULL,
  at INTEGER NOT NULL,
  raw TEXT NOT NULL,
  PRIMARY KEY (signal, centre, path)
);

-- What each centre is owed, from the very commit that made the signal known. Done by a receipt of that centre,
-- by whichever path, and never owed again.
CREATE TABLE IF NOT EXISTS deliveries (
  signal INTEGER NOT NULL REFERENCES signals(id),
  centre TEXT NOT NULL,
  done_at INTEGER,
  PRIMARY KEY (signal, centre)
);
CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (signal) WHERE done_at IS NULL;

-- An edge's report on an alarm that is not known here (its alarm overtaken, or a store lost): kept until the
-- alarm comes. Bounded, oldest out first.
CREATE TABLE IF NOT EXISTS early_reports (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  revision INTEGER NOT NULL,
  message TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (name, digest)
);

CREATE TABLE IF NOT EXISTS attempts (
  id INTEGER PRIMARY KEY,
  signal INTEGER NOT NULL REFERENCES signals(id),
  centre TEXT NOT NULL,
  door TEXT NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_signal ON attempts (signal);

CREATE TABLE IF NOT EXISTS incidents (
  id INTEGER PRIMARY KEY,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  acknowledged_by TEXT, acknowledged_at INTEGER,
  resolved_by TEXT, resolved_at INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS incidents_open ON incidents (gateway, device) WHERE resolved_at IS NULL;

-- Append-only, chained by hash within the incident. UNIQUE: of two writers who saw the same head, one fails.
CREATE TABLE IF NOT EXISTS incident_log (
  id INTEGER PRIMARY KEY,
  incident INTEGER NOT NULL REFERENCES incidents(id),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  signal INTEGER REFERENCES signals(id),
  detail TEXT NOT NULL,
  hash TEXT NOT NULL,
  UNIQUE (incident, seq)
);
CREATE INDEX IF NOT EXISTS incident_log_signal ON incident_log (signal, step);

-- The last known state of every device that a birth or the campus file named.
CREATE TABLE IF NOT EXISTS devices (
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  campus TEXT NOT NULL,
  report TEXT NOT NULL,
  PRIMARY KEY (gateway, device)
);

CREATE TABLE IF NOT EXISTS alerts (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  severity TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS alerts_open ON alerts (code, subject) WHERE closed_at IS NULL;

-- What a notification channel has already been told, so that nothing is told twice or forgotten.
CREATE TABLE IF NOT EXISTS notifications (
  id INTEGER PRIMARY KEY,
  alert INTEGER NOT NULL REFERENCES alerts(id),
  event TEXT NOT NULL,
  channel TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER,
  last_error TEXT,
  UNIQUE (alert, event, channel)
);

CREATE TABLE IF NOT EXISTS quarantine (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  topic TEXT NOT NULL,
  reason TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  payload BLOB NOT NULL
);

-- The feed: what changed, in order, written in the very commit that changed it. Only the subject is kept (an
-- alarm's name, gateway/device, an alert's id): a reader is given the thing as it is now. Trimmed to 100,000.
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL
);

-- Evidence that is no alarm: check-ins, doors, duty polls. A batch that comes again is the same batch.
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  details TEXT NOT NULL,
  batch TEXT NOT NULL,
  place INTEGER NOT NULL,
  UNIQUE (gateway, batch, place)
);
CREATE INDEX IF NOT EXISTS records_device ON records (gateway, device, id);
CREATE INDEX IF NOT EXISTS records_at ON records (at);

-- What gateways were asked to do. The row is there before the command is sent; it runs once, so it may be sent
-- again until its reply comes or it expires. Kept for 90 days.
CREATE TABLE IF NOT EXISTS commands (
  id TEXT PRIMARY KEY,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  device TEXT,
  kind TEXT NOT NULL,
  -- the command itself (JSON)
  command TEXT NOT NULL,
  asked_by TEXT,
  sent_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- nobody waits for a reply any more
  closed_at INTEGER,
  replied_at INTEGER,
  ok INTEGER,
  detail TEXT,
  facts TEXT
);
CREATE INDEX IF NOT EXISTS commands_open ON commands (expires_at) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS commands_sent ON commands (sent_at);

-- Declared drills. Only the gateway's own word confirms one.
CREATE TABLE IF NOT EXISTS drills (
  id TEXT PRIMARY KEY,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  -- JSON list of device ids
  devices TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  declared_by TEXT NOT NULL,
  declared_at INTEGER NOT NULL,
  command TEXT NOT NULL,
  confirmed_at INTEGER,
  refused TEXT,
  -- ended early: asked for by a person, and the gateway's word that it is so
  end_by TEXT,
  end_asked_at INTEGER,
  ended_at INTEGER
);
CREATE INDEX IF NOT EXISTS drills_to ON drills (to_at);

-- Scheduled end-to-end probes of buttons, and how far each was proved. Kept for 90 days, and the last proof always.
CREATE TABLE IF NOT EXISTS probes (
  id INTEGER PRIMARY KEY,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  route TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  command TEXT NOT NULL,
  self_test TEXT,
  signal INTEGER REFERENCES signals(id),
  proved TEXT NOT NULL,
  -- proved as far as its centre allows
  ok INTEGER NOT NULL DEFAULT 0,
  latency_ms REAL,
  why TEXT,
  done_at INTEGER
);
CREATE INDEX IF NOT EXISTS probes_open ON probes (id) WHERE done_at IS NULL;
CREATE INDEX IF NOT EXISTS probes_asked ON probes (asked_at);
CREATE INDEX IF NOT EXISTS probes_last ON probes (gateway, device, route, ok, id);
CREATE INDEX IF NOT EXISTS signals_probes ON signals (gateway, device, id) WHERE mode = 'probe';

-- Since when a button is to be proved: what its first proof is counted from.
CREATE TABLE IF NOT EXISTS probe_duties (
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (gateway, device)
);
`;

/** Columns that came after the first version of their table; a store of before gets them when it is opened. */
export const grownColumns: readonly { table: string; column: string; definition: string }[] = [
  // The presses that a sum stands for (JSON), and the path that a probe proves.
  { table: 'signals', column: 'sum', definition: 'TEXT' },
  { table: 'signals', column: 'route', definition: 'TEXT' },
  // The mode that its gateway gave it: another than `mode` where that was judged here.
  { table: 'signals', column: 'told_as', definition: 'TEXT' },
  // What the gateway says of a probe that no receipt will end.
  { table: 'signals', column: 'proof', definition: 'TEXT' },
  { table: 'signals', column: 'ended_at', definition: 'INTEGER' },
  { table: 'signals', column: 'ended_reason', definition: 'TEXT' },
  // The version of the inventory that a plan was made from.
  { table: 'campus_plans', column: 'version', definition: 'INTEGER' },
  // Of an alert about an alarm: a drill must never look real. How often people were told again.
  { table: 'alerts', column: 'mode', definition: 'TEXT' },
  { table: 'alerts', column: 'repeats', definition: 'INTEGER NOT NULL DEFAULT 0' },
  // What people did about it, and the steps of the escalation that were taken because nobody did.
  { table: 'alerts', column: 'acknowledged_by', definition: 'TEXT' },
  { table: 'alerts', column: 'acknowledged_at', definition: 'INTEGER' },
  { table: 'alerts', column: 'note', definition: 'TEXT' },
  { table: 'alerts', column: 'escalated', definition: 'INTEGER NOT NULL DEFAULT 0' },
  // The same work in the four hundred (JSON list of ids of evidence).
  { table: 'maintenance', column: 'evidence', definition: 'TEXT' },
  // 0: about an alarm, 1: critical, 2: a warning. Whether it was kept waiting, and what came of it.
  { table: 'notifications', column: 'weight', definition: 'INTEGER NOT NULL DEFAULT 1' },
  { table: 'notifications', column: 'held', definition: 'INTEGER NOT NULL DEFAULT 0' },
  { table: 'notifications', column: 'outcome', definition: 'TEXT' },
];
