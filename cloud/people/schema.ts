/**
 * Who is behind the ids of rolls and rosters. Personal data: it has no history, and what is removed is gone; evidence
 * names ids alone.
 */
export const peopleSchema = `
CREATE TABLE IF NOT EXISTS people (
  campus TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  PRIMARY KEY (campus, id)
);
-- A card may be known on several campuses (a police officer's), on each of one person.
CREATE TABLE IF NOT EXISTS people_cards (
  campus TEXT NOT NULL,
  card TEXT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (campus, card)
);
`;
