import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { verifyIncidents } from '#cloud/incidents/verify.ts';
import { namesOf, pointCalled } from '#cloud/names.ts';
import { realDatabases } from '#platform/real/database.ts';
import { readCloudFile } from './cloud-file.ts';
import { UserError } from './service.ts';
import { copyStore } from './store-copy.ts';

const progressEvery = 1000;

/**
 * `belfry verify`: checks the hash chain of every incident of a cloud's store, also while that cloud runs. Progress
 * goes to stderr and the result to stdout; a chain that is broken is an error that names the incident and the step.
 */
export async function verify({ data, config }: { data: string; config?: string }): Promise<void> {
  const names = namesOf(config === undefined ? [] : readCloudFile(config).campuses);
  const copy = mkdtempSync(join(tmpdir(), 'belfry-verify-'));
  try {
    await copyStore(resolve(data), copy);
    const store = await realDatabases(copy).open('cloud', 'relaxed', '');
    const broken: string[] = [];
    let checked = 0;
    try {
      const progress = (done: number, of: number) => {
        checked = done;
        if (done % progressEvery === 0 || done === of) process.stderr.write(`${done} of ${of} incidents\n`);
      };
      for await (const { incident, seq, step, ...point } of verifyIncidents(store, progress)) {
        const what = step === null ? 'is missing' : `(${step}) is not what was written`;
        broken.push(`incident ${incident}, ${pointCalled(names, point).en}: step ${seq} ${what}`);
      }
    } finally {
      await store.close();
    }
    if (broken.length > 0) throw new UserError(broken.join('\n'));
    process.stdout.write(`${checked} incidents: every chain is whole\n`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
