import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FilePort } from '#platform/ports.ts';
import { realFiles } from '#platform/real/files.ts';
import { World } from '#platform/simulated/world.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = Uint8Array.of(1, 2, 3);

async function lives(files: FilePort): Promise<void> {
  expect(await files.list()).toEqual([]);
  expect(await files.read('ab/c1.jpg')).toBe(null);
  await files.write('ab/c1.jpg', bytes);
  await files.write('ab/c1.jpg', bytes);
  expect(Buffer.from((await files.read('ab/c1.jpg'))!)).toEqual(Buffer.from(bytes));
  expect(await files.list()).toEqual(['ab/c1.jpg']);
  await files.remove('ab/c1.jpg');
  await files.remove('ab/c1.jpg');
  expect(await files.read('ab/c1.jpg')).toBe(null);
}

const elsewhere = ['../x', 'ab/../../x', '/etc/passwd', 'ab/..', 'ab\\x', 'ab/x\0', 'AB/x', 'ab/x/y', ''];

describe('files of the machine', () => {
  it('are written whole, read, listed and removed', () => lives(realFiles(join(folder, 'pictures'))));

  it('can be read by nobody else', async () => {
    const files = realFiles(join(folder, 'pictures'));
    await files.write('ab/c1.jpg', bytes);
    expect(statSync(join(folder, 'pictures')).mode & 0o77).toBe(0);
    expect(statSync(join(folder, 'pictures/ab/c1.jpg')).mode & 0o77).toBe(0);
  });

  it.each(elsewhere)('no name leads out of their folder: %j', async (name) => {
    writeFileSync(join(folder, 'x'), 'precious');
    const files = realFiles(join(folder, 'pictures'));
    for (const call of [() => files.write(name, bytes), () => files.read(name), () => files.remove(name)])
      await expect(call()).rejects.toMatchObject({ code: 'parameter' });
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it('a disk that does not take one leaves nothing half written', async () => {
    writeFileSync(join(folder, 'pictures'), 'in the way');
    const files = realFiles(join(folder, 'pictures'));
    await expect(files.write('ab/c1.jpg', bytes)).rejects.toMatchObject({ name: 'DatabaseError' });
    expect(existsSync(join(folder, 'pictures/ab'))).toBe(false);
  });
});

describe('files of a simulated machine', () => {
  it('are written whole, read, listed and removed, and outlive a crash', async () => {
    const world = new World('files');
    const machine = world.machine('cloud');
    let done: Promise<void> | null = null;
    const files = machine.boot({ files: true }).files!;
    done = (async () => {
      await lives(files);
      await files.write('ab/c2.jpg', bytes);
      machine.crash();
      expect(await machine.boot({ files: true }).files!.list()).toEqual(['ab/c2.jpg']);
    })();
    await world.run({ until: 60_000 });
    await done;
    world.close();
  });

  it('a full disk takes none', async () => {
    const world = new World('full');
    const machine = world.machine('cloud');
    machine.disk.failing = 'full';
    const refused = expect(
      machine.boot({ files: true }).files!.write('ab/c1.jpg', bytes),
    ).rejects.toMatchObject({
      code: 'full',
    });
    await world.run({ until: 60_000 });
    await refused;
    world.close();
  });
});
