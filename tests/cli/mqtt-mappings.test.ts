import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEdgeFile } from '#cli/edge-file.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'belfry-mappings-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function edge(device: string) {
  const file = join(folder, 'edge.yaml');
  writeFileSync(
    file,
    `campus: school
gateway: gate
account: '1234'
devices:
  - { id: d, driver: mqtt-devices, address: mqtt://127.0.0.1, name: x, ${device} }
`,
  );
  return () => readEdgeFile(file).devices[0];
}

describe('the mappings that edge.yaml names', () => {
  it.each(['zigbee2mqtt', 'tasmota', 'chirpstack'])(
    '%s is shipped; a button on it needs a zone',
    (mapping) => {
      expect(edge(`mapping: ${mapping}, kind: gate`)()).toMatchObject({ kind: 'gate' });
      expect(edge(`mapping: ${mapping}, kind: button`)).toThrow(/raises alarms needs a zone/);
    },
  );

  it("a file of the user's is read from beside edge.yaml, and its mistakes name it", () => {
    const shipped = readFileSync(
      new URL('../../protocols/mqtt-mappings/tasmota.yaml', import.meta.url),
      'utf8',
    );
    writeFileSync(join(folder, 'ours.yaml'), shipped.replace('mapping: tasmota', 'mapping: ours'));
    expect(edge('mapping: ./ours.yaml, kind: gate')()).toMatchObject({ mapping: { mapping: 'ours' } });
    writeFileSync(join(folder, 'ours.yaml'), shipped.replace('tele/{name}/LWT', 'tele/LWT'));
    expect(edge('mapping: ./ours.yaml, kind: gate')).toThrow(/ours\.yaml:\d+:\d+ topics\[0\]\.topic/);
  });

  it('an unknown one is told where it is named, with those that there are', () => {
    expect(edge('mapping: zigbee, kind: gate')).toThrow(
      /edge\.yaml:5:\d+ devices\[0\]\.mapping: .*zigbee2mqtt/,
    );
  });
});
