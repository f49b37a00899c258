import { bus } from '#protocols/button-frame/timing.ts';
import type { DeviceAddress } from './address.ts';
import type { Driver, DriverRun } from '../driver.ts';
import { addressText } from './address.ts';
import { buttonBus } from './button/bus.ts';
import { type ButtonDevice, buttonDevice } from './button/device.ts';
import { pointToPoint } from './button/point-to-point.ts';

/**
 * One-key alarm buttons (docs/serial-protocol.md), on a tty or a serial device server: one on a line of its own,
 * or up to 16 on an RS-485 bus.
 */
export const buttonDriver: Driver<ButtonDevice> = {
  name: 'button',
  wires: ['tty', 'tcp'],
  device: buttonDevice,
  describe: () => ({ kind: 'button', alarms: true, acts: ['self-test', 'lamp', 'siren'] }),
  configure({ address, devices }) {
    const [first] = devices;
    if (devices.length === 1 && first!.unit === undefined) return [];
    const at = addressText(address);
    if (devices.every((d) => d.unit === undefined)) {
      return devices.slice(1).map(({ id }, i) => ({
        device: i + 1,
        problem: `${at} already carries ${first!.id}: give ${id} a line of its own, or both their addresses on a bus (unit: 1 to ${bus.maxAddress})`,
      }));
    }
    return [...onBus(devices, at), ...busIsTooSlow(address)];
  },
  start(context, line) {
    const [high, low] = context.random.bytes(2);
    /** Tells our orders from those of an earlier run. */
    const hostBoot = (high! << 8) | low!;
    const alone = line.devices.length === 1 && line.devices[0]!.unit === undefined;
    const run = alone ? pointToPoint(context, line, hostBoot) : buttonBus(context, line, hostBoot);
    return closedWith(context.stop, run);
  },
};

interface Mistake {
  device: number;
  problem: string;
}

function onBus(devices: readonly ButtonDevice[], at: string): Mistake[] {
  const mistakes: Mistake[] = [];
  const owner = { unit: new Map<number, string>(), serial: new Map<string, string>() };
  devices.forEach(({ id, unit, serial }, device) => {
    const wrong = (problem: string) => mistakes.push({ device, problem });
    if (unit === undefined) {
      wrong(`${at} is a bus: give ${id} its address on it (unit: 1 to ${bus.maxAddress})`);
    } else if (owner.unit.has(unit)) wrong(`unit ${unit} on ${at} is already ${owner.unit.get(unit)}`);
    else owner.unit.set(unit, id);
    const same = owner.serial.get(serial.toLowerCase());
    if (same !== undefined) wrong(`serial ${serial} is already that of ${same}`);
    owner.serial.set(serial.toLowerCase(), id);
    if (device >= bus.maxUnits) {
      wrong(
        `${at} carries more than ${bus.maxUnits} buttons: a press would wait too long; give ${id} another bus`,
      );
    }
  });
  return mistakes;
}

function busIsTooSlow(address: DeviceAddress): Mistake[] {
  if (address.kind !== 'tty' || address.baudRate >= bus.leastBaud) return [];
  const problem = `a bus of buttons runs at ${bus.leastBaud} baud or more (and so must its units): write ${address.path}?baud=${bus.leastBaud}`;
  return [{ device: 0, problem }];
}

/** Closes once, by whoever comes first: the edge or its stop signal. */
function closedWith(stop: AbortSignal, run: DriverRun): DriverRun {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    stop.removeEventListener('abort', onStop);
    return (closing ??= run.close());
  };
  const onStop = (): void => void close();
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  return { ...run, close };
}
