import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEdgeFile } from '#cli/edge-file.ts';
import type { ModbusDevice } from '#edge/drivers/modbus.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'belfry-models-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const model = (more = '') => `model: our-co
title: { zh: 一氧化碳, en: Carbon monoxide }
kind: carbon-monoxide
proof: manual
sources: [the maker]
values:
  - { name: co, function: input, register: 6, unit: ppm, alarms: [{ above: 80, clear: 40, raises: carbon-monoxide }] }
${more}`;

function edge(device: string, top = ''): () => ModbusDevice {
  const file = join(folder, 'edge.yaml');
  writeFileSync(
    file,
    `campus: school
gateway: gate
account: '1234'
${top}devices:
  - { id: boiler, driver: modbus, address: 'tcp://127.0.0.1:502', unit: 1, ${device} }
`,
  );
  return () => readEdgeFile(file).devices[0] as ModbusDevice;
}

describe('the models that edge.yaml names', () => {
  it('a shipped one, a file of the user, and one of the folder of the user', () => {
    expect(edge('zone: 1, model: jxbs-3001-co')().model.values[0]!.scale).toBe(0.1);
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'models/our-co.yaml'), model());
    expect(edge('zone: 1, model: ./models/our-co.yaml')().model.model).toBe('our-co');
    expect(edge('zone: 1, model: our-co', 'models: ./models\n')().model.model).toBe('our-co');
  });

  it("a mistake in the user's model names its file and line", () => {
    writeFileSync(join(folder, 'our-co.yaml'), model('  - { name: x, function: coil, register: 70000 }\n'));
    expect(edge('zone: 1, model: ./our-co.yaml')).toThrow(
      /our-co\.yaml:8:\d+ values\[1\]\.register: .*65535/,
    );
  });

  it('an unknown model, a missing file and a missing folder are told where they are named', () => {
    expect(edge('zone: 1, model: our-c0')).toThrow(
      /edge\.yaml:5:\d+ devices\[0\]\.model: no such model; there are: .*jxbs-3001-co/,
    );
    expect(edge('zone: 1, model: ./none.yaml')).toThrow(/none\.yaml:1:1 cannot be read/);
    expect(edge('zone: 1, model: our-co', 'models: ./none\n')).toThrow(/edge\.yaml:4:1 models: .*none/);
  });

  it('what raises an alarm needs a zone, and what only measures needs none', () => {
    expect(edge('model: jxbs-3001-co')).toThrow(/zone/);
    expect(edge('model: temperature-humidity-t')().zone).toBeUndefined();
    expect(edge('model: waveshare-io-8ch, input: { channel: 1, contact: gate }')().zone).toBeUndefined();
    expect(edge('model: waveshare-io-8ch, input: { channel: 1, contact: button }')).toThrow(/zone/);
  });

  it('an input that its module does not have is refused', () => {
    expect(edge('model: waveshare-io-8ch')).toThrow(/is an input module/);
    expect(edge('model: waveshare-io-8ch, input: { channel: 9, contact: gate }')).toThrow(/channels 1 to 8/);
    expect(edge('model: jxbs-3001-co, zone: 1, input: { channel: 1, contact: gate }')).toThrow(/is a sensor/);
    expect(edge('model: loop-8ai-generic, input: { channel: 1, contact: gate }')).toThrow(/write `loop:`/);
    const loop = 'loop: { normal: [10, 20], alarm: [15, 30], cut: [50, 60], short: [0, 5] }';
    expect(edge(`model: loop-8ai-generic, input: { channel: 1, contact: gate, ${loop} }`)).toThrow(
      /normal and alarm overlap at 15/,
    );
  });
});
