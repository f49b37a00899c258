import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createIncidents, type Incidents } from '#cloud/incidents/incidents.ts';
import { openStore, type Store } from '#cloud/store/store.ts';
import { realPorts } from '#platform/real/ports.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder: string;
let store: Store;
let incidents: Incidents;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-verify-test-'));
  const ports = realPorts({
    dataDir: folder,
    mqttUrl: 'mqtt://127.0.0.1:1',
    log: { level: 'error', format: 'json' },
  });
  store = await openStore(ports);
  incidents = createIncidents({ clock: ports.clock, store });
  for (const id of [1, 2]) {
    await store.commit([
      {
        sql: `INSERT INTO incidents (id, campus, gateway, device, opened_at) VALUES (?, 'school', 'gate', ?, 1)`,
        params: [id, `b${id}`],
      },
    ]);
    await incidents.record(id, [{ step: 'raised', at: 1, signal: null, detail: { zone: id } }], []);
    await incidents.acknowledge(id, 'li');
  }
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function run(data = folder): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [main, 'verify', '--data', data], (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
const tamper = (sql: string) => store.commit([{ sql }]);

test('a store whose cloud is running is checked, and the cloud can go on writing', async () => {
  const { status, stdout, stderr } = await run();
  expect([status, stdout]).toEqual([0, '2 incidents: every chain is whole\n']);
  expect(stderr).toContain('2 of 2');
  expect(await incidents.resolve(1, 'li')).toBe(true);
  expect((await run()).status).toBe(0);
});

test('a row that was changed is found, with incident and step', async () => {
  await tamper(`UPDATE incident_log SET detail = '{"by":"wang"}' WHERE incident = 2 AND seq = 2`);
  const { status, stdout, stderr } = await run();
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('incident 2, school · gate/b2: step 2 (acknowledged) is not what was written');
  expect(stderr).not.toContain('incident 1');
});

test('a log whose end was cut off is found by what the incident itself says', async () => {
  await tamper('DELETE FROM incident_log WHERE incident = 1 AND seq = 2');
  const { status, stderr } = await run();
  expect(status).toBe(1);
  expect(stderr).toContain('incident 1, school · gate/b1: step 2 is missing');
});

test('a folder without a store is a mistake of the user, and none is made there', async () => {
  const { status, stderr } = await run(join(folder, 'elsewhere'));
  expect(status).toBe(1);
  expect(stderr).toContain('there is no store of a cloud');
});
