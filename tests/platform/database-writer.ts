// Commits rows for ever and says each number only after it is acknowledged. Killed by the test.
import { realDatabases } from '#platform/real/database.ts';

const db = await realDatabases(process.argv[2]!).open(
  'outbox',
  'durable',
  'CREATE TABLE IF NOT EXISTS press (n INTEGER PRIMARY KEY) STRICT',
);
const [row] = await db.read('SELECT coalesce(max(n), 0) AS n FROM press');
for (let n = Number(row!.n) + 1; ; n++) {
  await db.commit([{ sql: 'INSERT INTO press VALUES (?)', params: [n] }]);
  process.stdout.write(`${n}\n`);
}
