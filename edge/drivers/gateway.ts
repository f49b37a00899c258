import { z } from 'zod';
import { reasonOf } from '#platform/reason.ts';
import { within } from '#platform/within.ts';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext, DriverRun, Line } from '../driver.ts';
import { readMachine, type ReadPart, type Readings } from './gateway/readings.ts';
import { verdict } from './gateway/verdict.ts';
import { jittered, pause } from './pause.ts';

const gatewayDevice = deviceBase.extend({
  driver: z.literal('gateway'),
  poll_s: z.number().min(5).max(3600).default(60),
  /** A path on the disk that counts: where the edge keeps its files. */
  disk: z.string().min(1).default('/'),
  limits: z
    .strictObject({
      disk_free_percent: z.number().min(0).max(100).default(10),
      temperature_c: z.number().min(0).max(150).default(85),
      memory_percent: z.number().min(0).max(100).default(95),
    })
    .prefault({}),
  heartbeat_s: deviceBase.shape.heartbeat_s.unwrap().default(180),
});
type GatewayDevice = z.infer<typeof gatewayDevice>;

/** The machine that the edge runs on, as one of its devices. */
export const gatewayDriver = gatewayOver(readMachine);

/** The same over any machine. */
export function gatewayOver(machine: ReadPart): Driver<GatewayDevice> {
  return {
    name: 'gateway',
    wires: ['local'],
    device: gatewayDevice,
    describe: () => ({ kind: 'gateway', alarms: false, acts: [] }),
    configure: (line) =>
      line.devices.slice(1).map((_, i) => ({
        device: i + 1,
        problem: `this machine is ${line.devices[0]!.id} already`,
      })),
    start: (context, line) => start(context, line, machine),
  };
}

/** A part that has not answered by then is left out of this round; it is not asked again while it hangs. */
const partTimeoutMs = 10_000;

function start(context: DriverContext, line: Line<GatewayDevice>, machine: ReadPart): DriverRun {
  const { id, disk, limits, poll_s } = line.devices[0]!;
  const ending = new AbortController();
  const stop = AbortSignal.any([context.stop, ending.signal]);
  const hanging = new Set<keyof Readings>();
  let unreadable = '';

  async function round(): Promise<Partial<Readings>> {
    const readings: Partial<Readings> = {};
    const failed: string[] = [];
    const read = async <Part extends keyof Readings>(part: Part) => {
      if (hanging.has(part)) return void failed.push(`${part}: no answer`);
      hanging.add(part);
      const reading = machine[part](disk)
        .then((value: Readings[Part]) => void (readings[part] = value))
        .catch((error: unknown) => void failed.push(`${part}: ${reasonOf(error)}`))
        .finally(() => hanging.delete(part));
      await within(context.clock, partTimeoutMs, reading);
    };
    await Promise.all((Object.keys(machine) as (keyof Readings)[]).map(read));
    const now = failed.toSorted().join('; ');
    if (now !== unreadable && now !== '') context.log.warn('parts of this machine cannot be read', { now });
    unreadable = now;
    // What comes late belongs to no round.
    return { ...readings };
  }

  function tell(readings: Partial<Readings>): void {
    const { battery, wifi, cellular, clockSynchronised } = readings;
    const measured: [string, number | null | undefined, string][] = [
      ['cpu', readings.cpuPercent, '%'],
      ['memory', readings.memoryPercent, '%'],
      ['disk_free', readings.diskFreePercent, '%'],
      ['temperature', readings.temperatureC, '°C'],
      ['battery', battery?.percent, '%'],
      ['wifi_quality', wifi?.qualityPercent, '%'],
      ['wifi_signal', wifi?.signalDbm, 'dBm'],
      ['cellular_quality', cellular?.qualityPercent, '%'],
    ];
    for (const [field, value, unit] of measured) {
      if (typeof value === 'number' && Number.isFinite(value)) {
        context.measure(id, field, Math.round(value * 10) / 10, unit);
      }
    }
    context.heard(id, {
      ...(battery ? { supply: battery.onMains ? 'mains' : 'battery' } : {}),
      ...(typeof clockSynchronised === 'boolean' ? { clock_synchronised: clockSynchronised } : {}),
      ...(wifi ? { wifi: wifi.interface } : {}),
      ...(cellular ? { cellular: cellular.state } : {}),
      unreadable,
    });
    context.health(id, verdict(readings, disk, limits));
  }

  async function watch(): Promise<void> {
    context.line(true);
    while (!stop.aborted) {
      const readings = await round();
      if (stop.aborted) return;
      tell(readings);
      await pause(context.clock, jittered(context.random, poll_s * 1000), stop);
    }
  }

  const watching = watch().catch(context.crashed);
  return {
    async close() {
      ending.abort();
      // A part that hangs is not waited for.
      await within(context.clock, 0, watching);
    },
  };
}
