import {
  componentSupplyFault,
  componentText,
  deviceBits,
  operationBits,
  operationsOf,
  quantities,
  stateBits,
} from '#protocols/gbt26875/codes.ts';
import { chinaOffsetMinutes, instantOf } from '#protocols/gbt26875/time.ts';
import type { WireTime } from '#protocols/gbt26875/frame.ts';
import type { ObjectOf, Unit } from '#protocols/gbt26875/unit.ts';
import type { SignalType } from '#protocols/signal.ts';
import type { DriverContext } from '../../driver.ts';
import type { FirePanelDevice } from '../fire-panel.ts';
import type { Complaints } from '../complaints.ts';
import { fires, inFire } from './fires.ts';
import { componentName, faults, signalOf, systemName, wrongs } from './words.ts';

const ofDevice: SignalType[] = ['fire', 'smoke', 'heat', 'gas', 'call-point'];

/**
 * What the units of one transmission device mean: alarms, health, measured values, records. Resolves when every
 * fire in the unit is durable; none waits for another to be raised.
 */
export function understanding(
  context: DriverContext,
  device: FirePanelDevice,
  points: readonly FirePanelDevice[],
  health: ReadonlyMap<string, Complaints>,
  dutyAnswered: () => void,
): (unit: Exclude<Unit, { type: 'user' }>, at: number) => Promise<void> {
  const own = health.get(device.id)!;
  const burning = fires(
    (id, type, up) => context.level(id, type, up, context.clock.monotonic()),
    [
      ...ofDevice.map((type) => ({ device: device.id, type })),
      ...points.map(({ id, component }) => ({ device: id, type: signalOf(component!.type) })),
    ],
  );

  /** Its own time, where it has a good one, as evidence; when it happened is by our clock. */
  const said = (time: WireTime): Record<string, number> => {
    const instant = instantOf(time, chinaOffsetMinutes);
    return instant === null ? {} : { device_time: instant };
  };

  function pointOf(object: { system: number; address: number; componentType: number; component: number }) {
    return points.find(
      ({ component: c }) =>
        c!.type === object.componentType &&
        c!.address === object.component &&
        (c!.system === undefined || c!.system === object.system) &&
        (c!.system_address === undefined || c!.system_address === object.address),
    );
  }

  async function systemState({ system, address, state, time }: ObjectOf<'system-state'>, at: number) {
    const key = `system ${system} ${address}`;
    const name = systemName(system, address);
    const bits = {
      fault: stateBits.fault,
      masked: stateBits.masked,
      mains: stateBits.mainsFault,
      battery: stateBits.batteryFault,
      bus: stateBits.busFault,
    } as const;
    for (const [wrong, bit] of Object.entries(bits) as [keyof typeof bits, number][]) {
      own.set(`${key} ${wrong}`, state & bit ? faults.system(name, wrongs[wrong]) : null);
    }
    if (state & stateBits.reset) burning.reset(key);
    context.record(device.id, 'event', { system, address, state, name: name.zh, ...said(time) }, at);
    if (!inFire(state)) burning.reset(`${key} `);
    await burning.set({ key, device: device.id, type: 'fire' }, inFire(state));
  }

  async function componentState(object: ObjectOf<'component-state'>, at: number) {
    const { system, address, componentType, component, state, text, time } = object;
    const key = `system ${system} ${address} ${componentType} ${component}`;
    const name = componentName(object);
    const point = pointOf(object);
    const at110 = point ?? device;
    const complaining = health.get(at110.id)!;
    const bits = {
      fault: stateBits.fault,
      masked: stateBits.masked,
      supply: componentSupplyFault,
    } as const;
    for (const [wrong, bit] of Object.entries(bits) as [keyof typeof bits, number][]) {
      complaining.set(`${key} ${wrong}`, state & bit ? faults.component(name, wrongs[wrong]) : null);
    }
    const details = {
      component: componentText(component),
      type: componentType,
      state,
      fire: inFire(state),
      name: name.zh,
      ...(text && { text }),
      ...said(time),
    };
    context.record(at110.id, 'component', details, at);
    await burning.set({ key, device: at110.id, type: signalOf(componentType) }, inFire(state));
  }

  async function deviceState({ state, time }: ObjectOf<'device-state'>, at: number) {
    const on = (bit: number) => (state & bit) !== 0;
    own.set('device fault', on(deviceBits.fault) ? faults.deviceFault : null);
    own.set('device mains', on(deviceBits.mainsFault) ? faults.deviceMains : null);
    own.set('device battery', on(deviceBits.batteryFault) ? faults.deviceBattery : null);
    own.set('device centre', on(deviceBits.centreLinkFault) ? faults.centreLink : null);
    own.set('device line', on(deviceBits.lineFault) ? faults.monitoredLine : null);
    context.record(device.id, 'event', { state, ...said(time) }, at);
    await burning.set({ key: 'device', device: device.id, type: 'fire' }, on(deviceBits.fire));
  }

  function operated(of: 'system' | 'device', where: string, o: ObjectOf<'device-operation'>, at: number) {
    const what = operationsOf(o.operations, of).join(', ');
    context.record(device.id, 'operation', { where, what, operator: o.operator, ...said(o.time) }, at);
    if (o.operations & operationBits.reset) burning.reset(of === 'device' ? '' : where);
    if (of === 'device' && o.operations & operationBits.dutyAnswered) dutyAnswered();
  }

  function measured(object: ObjectOf<'analogue'>) {
    const quantity = quantities[object.quantity];
    if (!quantity) return;
    const point = pointOf(object);
    const { field, unit, scale } = quantity;
    const value = Math.round(object.value * scale * 1000) / 1000;
    const place = `${object.componentType}_${componentText(object.component).replace('-', '_')}`;
    context.measure(point?.id ?? device.id, point ? field : `${field}_${place}`, value, unit);
  }

  return async (unit, at) => {
    switch (unit.type) {
      case 'system-state':
        await Promise.all(unit.objects.map((object) => systemState(object, at)));
        break;
      case 'component-state':
        await Promise.all(unit.objects.map((object) => componentState(object, at)));
        break;
      case 'analogue':
        unit.objects.forEach(measured);
        break;
      case 'operation':
        for (const o of unit.objects) operated('system', `system ${o.system} ${o.address}`, o, at);
        break;
      case 'device-operation':
        for (const o of unit.objects) operated('device', 'device', o, at);
        break;
      case 'device-state':
        await Promise.all(unit.objects.map((object) => deviceState(object, at)));
        break;
      case 'device-version':
        for (const o of unit.objects) context.heard(device.id, { firmware: `${o.major}.${o.minor}` });
        break;
      case 'device-time':
        for (const { time } of unit.objects) {
          const instant = instantOf(time, chinaOffsetMinutes);
          if (instant === null) continue;
          context.heard(device.id, { clock_off_s: Math.round((instant - context.clock.wall()) / 1000) });
        }
        break;
      case 'device-configuration':
        for (const { text } of unit.objects) context.heard(device.id, { configuration: text });
        break;
      case 'version':
        for (const o of unit.objects) {
          const system = `version_${o.system}_${o.address}`;
          context.heard(device.id, { [system]: `${o.major}.${o.minor}` });
        }
        break;
      case 'configuration':
      case 'component-configuration':
        for (const { text, system, address, ...more } of unit.objects) {
          context.record(device.id, 'event', { configuration: text, system, address, ...more }, at);
        }
        break;
      default:
        // A system's clock is nothing to act on, and what goes down is not for us.
        break;
    }
  };
}
