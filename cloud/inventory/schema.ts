/** The inventory with all its versions. Times are UTC ms. */
export const inventorySchema = `
-- One row for each act: all its versions are made in one transaction.
CREATE TABLE IF NOT EXISTS inventory_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  -- file, api, import, restore
  source TEXT NOT NULL,
  note TEXT
);

-- Append-only. \`subject\`: 'city', or 'campus/ID'. PRIMARY KEY: of two writers who saw the same version, one fails.
CREATE TABLE IF NOT EXISTS inventory_versions (
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  change INTEGER NOT NULL REFERENCES inventory_changes(id),
  -- the whole of it (JSON); NULL: removed
  entry TEXT,
  PRIMARY KEY (subject, version)
);
`;
