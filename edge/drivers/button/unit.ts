import { isPressOrigin } from '#protocols/button-frame/frame.ts';
import type { Body, HeartbeatBody, PressBody, PressType } from '#protocols/button-frame/frame.ts';
import type { Strange } from '#protocols/button-frame/parse.ts';
import type { ActResult, DriverContext, DriverRun } from '../../driver.ts';
import type { DeviceAct } from '#protocols/messages/command.ts';
import type { ButtonDevice } from './device.ts';
import { createFaultList, faults, type FaultList } from './faults.ts';
import { createLampCommands } from './lamps.ts';
import { createOrders } from './orders.ts';

const lowBatteryPercent = 20;

/** One button as the edge sees it, whatever line it hangs on. */
export interface Unit {
  readonly device: ButtonDevice;
  readonly faults: FaultList;
  /** It has said something since the line was opened. */
  readonly heardSinceOpen: boolean;
  understand(body: Body, firstByteAt: number): void;
  /** A frame with a right CRC that we cannot read is a sign of life, and may have been a press: people are told. */
  wonder(strange: Strange): void;
  onOpen(): void;
  minute(): void;
  lamp: NonNullable<DriverRun['lamp']>;
  act(act: DeviceAct): Promise<ActResult>;
  close(): void;
}

/** The way to a unit. `open`: null, or why it cannot be spoken to now. */
export interface WayToUnit {
  closed(): string | null;
  send(body: Body): void;
}

export function createUnit(context: DriverContext, device: ButtonDevice, way: WayToUnit): Unit {
  const { clock, log } = context;
  const { id } = device;
  const faultList = createFaultList((health) => context.health(id, health));
  let unitIsSilent = false;
  let heardSinceOpen = false;
  let strangeThisMinute = false;
  let idleHeardAt = -Infinity;

  const lamps = createLampCommands(context, {
    ready: () => way.closed() === null,
    send: (origin, state) => way.send({ type: 'lamp', origin, state }),
  });
  const orders = createOrders(clock, {
    serial: Number.parseInt(device.serial, 16),
    silent: () => device.sounder === 'silent' || unitIsSilent,
    ready: way.closed,
    send: way.send,
  });

  function understand(body: Body, firstByteAt: number): void {
    switch (body.type) {
      case 'press':
      case 'long-press':
      case 'second-press':
      case 'test':
      case 'duress':
        raise({ ...body, type: body.type }, firstByteAt);
        context.heard(id);
        break;
      case 'release':
        context.heard(id, { contact_closed: false });
        break;
      case 'heartbeat':
        onHeartbeat(body);
        break;
      case 'lamp-confirm':
        context.heard(id);
        lamps.onConfirm(body.origin, body.state);
        break;
      case 'self-test-result':
      case 'output-result':
        context.heard(id);
        orders.onResult(body);
        break;
      default:
        // On a bus that is several times a second.
        if (clock.monotonic() - idleHeardAt < (device.heartbeat_s * 1000) / 3) break;
        idleHeardAt = clock.monotonic();
        context.heard(id);
    }
    heardSinceOpen = true;
    if ('serial' in body) checkSerial(body.serial);
    if ('silent' in body) checkFlags(body);
    faultList.tell();
  }

  /** Every copy goes to the core and is host-acked: the host-ack of an earlier one may be what was lost. */
  function raise(body: PressBody & { type: PressType }, firstByteAt: number): void {
    const { type, serial, boot, counter, ageMs, ageIsLowerBound } = body;
    const origin = { serial, boot, counter, type };
    if (ageIsLowerBound) log.warn('the press is older than it says: its unit lost power', { origin });
    context
      .event({
        device: id,
        type,
        mode: type === 'test' ? 'test' : 'real',
        origin,
        silent: type === 'duress' || device.sounder === 'silent' || body.silent || unitIsSilent,
        ageMs,
        ageIsLowerBound,
        firstByteAt,
        decodedAt: clock.monotonic(),
      })
      .then((state) => way.send({ type: 'host-ack', origin, state }))
      .catch(context.crashed);
  }

  function onHeartbeat(body: HeartbeatBody): void {
    const { battery, supply, tamper, silent, contactClosed, waiting } = body;
    context.heard(id, {
      ...(battery === null ? {} : { battery }),
      supply,
      tamper,
      silent,
      contact_closed: contactClosed,
      waiting,
      firmware: `${body.firmware.major}.${body.firmware.minor}`,
      serial: serialText(body.serial),
    });
    if (battery !== null) context.measure(id, 'battery', battery, '%');
    const low = battery !== null && battery <= lowBatteryPercent;
    faultList.set('battery', low ? faults.battery(battery) : null);
  }

  function checkSerial(found: number): void {
    const wrong = found !== Number.parseInt(device.serial, 16);
    const sentence = wrong ? faults.otherSerial(serialText(found), device.serial.toLowerCase()) : null;
    faultList.set('otherSerial', sentence);
  }

  function checkFlags(body: { silent: boolean; tamper: boolean }): void {
    unitIsSilent = body.silent;
    const agrees = body.silent === (device.sounder === 'silent');
    faultList.set('sounder', agrees ? null : faults.sounder(body.silent));
    faultList.set('tamper', body.tamper ? faults.tamper() : null);
  }

  return {
    device,
    faults: faultList,
    get heardSinceOpen() {
      return heardSinceOpen;
    },
    understand,
    wonder(strange) {
      log.error('a frame that cannot be read', { ...strange });
      context.heard(id);
      faultList.set('strange', faults.strange(strange));
      faultList.tell();
      strangeThisMinute = true;
    },
    onOpen() {
      heardSinceOpen = false;
      lamps.onOpen();
    },
    minute() {
      if (!strangeThisMinute && heardSinceOpen) {
        faultList.set('strange', null);
        faultList.tell();
      }
      strangeThisMinute = false;
    },
    // Nothing ever shows of duress, whoever asks.
    lamp: (_device, origin, state, confirmed) =>
      isPressOrigin(origin) && origin.type !== 'duress' ? lamps.show(origin, state, confirmed) : () => {},
    act: async (act) => ({ detail: await orders.act(act) }),
    close() {
      lamps.close();
      orders.close();
    },
  };
}

export function serialText(serial: number): string {
  return serial.toString(16).padStart(8, '0');
}
