/** Who may do what, in a database of its own: no picture, no alarm and no telemetry is behind its lock. */
export const accessSchema = `
CREATE TABLE IF NOT EXISTS accounts (
  username TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  -- JSON list; NULL: all
  campuses TEXT,
  password TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  signed_in_at INTEGER
);
-- Sessions, tokens and links are kept by SHA-256 only: who reads this file can use none of them.
CREATE TABLE IF NOT EXISTS sessions (
  hash TEXT PRIMARY KEY,
  username TEXT NOT NULL REFERENCES accounts(username),
  address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
);
-- Whom a provider of accounts (OpenID Connect) vouches for, by its own name of them.
CREATE TABLE IF NOT EXISTS identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  username TEXT NOT NULL REFERENCES accounts(username),
  PRIMARY KEY (issuer, subject)
);
CREATE TABLE IF NOT EXISTS tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rights TEXT NOT NULL,
  campuses TEXT,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  used_at INTEGER
);
-- At most one set-up link works at a time.
CREATE TABLE IF NOT EXISTS setup_links (hash TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
-- By which somebody chooses a new password. At most one of an account.
CREATE TABLE IF NOT EXISTS reset_links (
  hash TEXT PRIMARY KEY,
  username TEXT NOT NULL REFERENCES accounts(username),
  expires_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  address TEXT NOT NULL,
  what TEXT NOT NULL,
  about TEXT NOT NULL,
  outcome INTEGER NOT NULL
);
`;
