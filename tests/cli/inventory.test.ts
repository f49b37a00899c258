import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readExcel from 'read-excel-file/node';
import { parse } from 'yaml';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkInventory, exportInventory, importInventory, inventoryTemplate } from '#cli/inventory.ts';
import { joinFiles } from '#protocols/inventory/inventory-files.ts';
import { ApiWorld } from '../cloud/api-world.ts';
import { city } from '../cloud/four-hundred-school.ts';

let folder: string;
let printed = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-inventory-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const file = (name: string, content?: string) => {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
};

describe('belfry inventory', () => {
  it('check tells every mistake of a folder by file and field, in both languages', () => {
    file('a.yaml', 'city: { id: town }\ncounties: [{ id: east }]\n');
    file('b.yaml', 'campuses: [{ id: s, county: west, type: primary, pupils: { day: 3 }, calendar: {} }]\n');
    expect(() => checkInventory([folder])).toThrow(
      /b\.yaml campuses\.0\.county: town has no county west\n.*没有区县 west/,
    );
    file('b.yaml', 'campuses: [{ id: s, county: east, type: primary, pupils: { day: 3 }, calendar: {} }]\n');
    checkInventory([folder]);
    expect(printed).toBe('ok: 1 campuses, 0 devices\n');
  });

  it('template writes tables without a running cloud', async () => {
    const out = file('t.xlsx');
    await inventoryTemplate({ out, lang: 'en' });
    expect((await readExcel(out)).map(({ sheet }) => sheet)).toContain('rosters');
    await inventoryTemplate({ out: file('t.csv'), table: 'gates', lang: 'zh' });
    expect(readFileSync(file('t.csv'), 'utf8')).toContain('监测设备');
    await expect(inventoryTemplate({ out: file('t.csv'), lang: 'zh' })).rejects.toThrow(/--table/);
  });

  it('import shows, refuses by row and column, and applies only when told to; export gives it back', async () => {
    const world = new ApiWorld();
    world.inventory = city;
    await world.start();
    try {
      file('url', world.api.url);
      file('cli-token', world.token);
      const zones = file('zones.csv', 'campus,id,kind\nschool,gym,hall\n');
      const options = { table: 'zones', replace: false, apply: false, data: folder };
      await importInventory(zones, options);
      expect(printed).toContain('added /zones/gym');
      expect(world.kept.version('school')).toBe(1);
      await importInventory(zones, { ...options, apply: true });
      expect(printed).toContain('school: version 2');
      const bad = file('bad.csv', 'campus,id,kind\nschool,gym,castle\n');
      await expect(importInventory(bad, { ...options, apply: true })).rejects.toThrow(
        /zones, row 2, kind: expected one of/,
      );
      expect(world.kept.version('school')).toBe(2);

      const out = file('out.yaml');
      await exportInventory({ out, lang: 'zh', data: folder });
      const whole = { replace: false, apply: true, data: folder };
      await importInventory(out, whole);
      expect(world.kept.version('school')).toBe(2);
      const [yaml, swapped] = [readFileSync(out, 'utf8'), file('swapped.yaml')];
      writeFileSync(swapped, yaml.replace('kind: hall', 'kind: castle'));
      await expect(importInventory(swapped, whole)).rejects.toThrow(/campuses\/0\/zones\/\d+\/kind: /);
      expect(world.kept.version('school')).toBe(2);
      writeFileSync(swapped, yaml.replace('kind: hall', 'kind: canteen'));
      printed = '';
      await importInventory(swapped, { ...whole, apply: false });
      expect(printed).toContain('changed /zones/gym/kind');
      expect(world.kept.version('school')).toBe(2);
      await importInventory(swapped, whole);
      expect(world.kept.version('school')).toBe(3);
      await expect(importInventory(file('bad.yaml', '{'), whole)).rejects.toThrow(/bad\.yaml: /);
      await importInventory(out, whole);
      const value = parse(readFileSync(out, 'utf8')) as unknown;
      const joined = joinFiles([{ file: 'out.yaml', value }]);
      expect(joined.complaints).toBeNull();
      expect(joined.city!.campuses).toEqual([await world.kept.campus('school')]);
    } finally {
      await world.close();
    }
    await expect(exportInventory({ out: file('x.xlsx'), lang: 'zh', data: folder })).rejects.toThrow(
      /does not answer/,
    );
  });
});
