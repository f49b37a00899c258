import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { createFrameDecoder } from '#protocols/gbt26875/decoder.ts';
import { encodeFrame } from '#protocols/gbt26875/encode.ts';
import type { Frame } from '#protocols/gbt26875/frame.ts';
import { parseUnit } from '#protocols/gbt26875/unit.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { until } from '../platform/pty.ts';
import { recorder } from '../edge/drivers/recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

describe('the simulated fire panel', () => {
  it('dials in, reports what a hand does, and is quiet when it is confirmed', async () => {
    const frames: Frame[] = [];
    const decoder = createFrameDecoder();
    const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream) => ({
      onData(bytes, at) {
        for (const { frame } of decoder.push(bytes, at).frames) {
          frames.push(frame);
          const { source: destination, destination: source } = frame;
          const unit = new Uint8Array(0);
          stream.write(encodeFrame({ ...frame, source, destination, command: 'confirm', unit }));
        }
      },
      onClose() {},
    }));
    cleanups.push(() => listener.close());
    const folder = mkdtempSync(join(tmpdir(), 'belfry-sim-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const simulator = await startSimulator(
      { clock: realClock, random: realRandomness, listen: realListening, log: recorder().context.log },
      simulatorConfig.parse({ fire_panels: [{ id: 'panel', dials: `127.0.0.1:${listener.port}` }] }),
      { folder, describeIn: join(folder, 'sim.json') },
    );
    cleanups.push(() => simulator.close());
    expect(simulator.hardware.fire_panels[0]).toMatchObject({
      wiring: { driver: 'fire-panel', address: `listen://127.0.0.1:${listener.port}`, source: 889 },
    });
    const part = simulator.parts.get('fire_panels')!.get('panel')!;
    await until('its heartbeat comes', () => frames.length > 0);
    await part.acts.fire!.run({ text: '食堂' });
    await until('its fire comes', () => frames.some((f) => f.unit[0] === 2));
    expect(parseUnit(frames.find((f) => f.unit[0] === 2)!.unit)).toMatchObject({
      unit: { objects: [{ componentType: 40, state: 2, text: '食堂' }] },
    });
    await until('it is confirmed', () => (part.state() as { waiting: number }).waiting === 0);
    expect(part.state()).toMatchObject({ confirmed: 1, denied: 0 });
    await part.acts.behave!.run({ silent: true });
    const before = frames.length;
    await part.acts.fault!.run({});
    await until('it waits for a reply', () => (part.state() as { waiting: number }).waiting === 1);
    expect(frames).toHaveLength(before);
    await expect(part.acts.behave!.run({ silent: 3 })).rejects.toThrow(/boolean/);
  });
});
