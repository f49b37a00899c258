import type { Gesture, MqttDevice, Moment, MqttSystem, Said } from './system.ts';

const application = '5f6b1c1e-8c1d-4a3e-9a56-0b7f3b1c2d10';
const tenant = '52f14cd4-c6f1-4fbd-8f87-4025e1d49242';
const presses: Record<Gesture, string> = { short: 'short', double: 'double', long: 'long' };

/** https://www.chirpstack.io/docs/chirpstack/integrations/events.html (v4, JSON). `object` is what a codec made of `data`. */
export const chirpstack: MqttSystem = {
  connection: 'bridge',
  // The server's integration says nothing when it goes.
  will: () => null,
  birth: (device) => [
    event(device, 'join', { wall: 0, count: 0 }, { devAddr: devAddr(device) }),
    event(
      device,
      'status',
      { wall: 0, count: 0 },
      {
        margin: 10,
        externalPowerSource: false,
        batteryLevelUnavailable: false,
        batteryLevel: device.battery,
      },
    ),
  ],
  alive: (device, now) => [up(device, now, {})],
  pressed: (device, gesture, now) => [up(device, now, { press: presses[gesture] })],
  changed: (device, now) => [up(device, now, {})],
  // Class A: whether the radio still reaches it shows when it speaks again, or not.
  reach: () => null,
};

function up(device: MqttDevice, now: Moment, more: object): Said {
  const own = {
    button: {},
    smoke: { smoke: device.up ? 'alarm' : 'normal' },
    water: { leak: device.up ? 'leak' : 'normal' },
    gate: { magnet_status: device.up ? 'open' : 'closed' },
  }[device.kind];
  return event(device, 'up', now, {
    devAddr: devAddr(device),
    adr: true,
    dr: 5,
    fCnt: now.count,
    fPort: 85,
    confirmed: false,
    data: Buffer.from([0x01, 0x75, device.battery, 0x03, 0x00, device.up ? 1 : 0]).toString('base64'),
    object: { battery: device.battery, ...own, ...more },
    rxInfo: [
      {
        gatewayId: '24e124fffef00001',
        uplinkId: now.count,
        rssi: -87,
        snr: 9.5,
        channel: 2,
        crcStatus: 'CRC_OK',
      },
    ],
    txInfo: {
      frequency: 486_300_000,
      modulation: { lora: { bandwidth: 125_000, spreadingFactor: 7, codeRate: 'CR_4_5' } },
    },
  });
}

function event(device: MqttDevice, kind: 'up' | 'join' | 'status', now: Moment, body: object): Said {
  const topic = `application/${application}/device/${device.name}/event/${kind}`;
  const about = {
    deduplicationId: `00000000-0000-4000-8000-${now.count.toString(16).padStart(12, '0')}`,
    time: new Date(now.wall).toISOString(),
    deviceInfo: {
      tenantId: tenant,
      tenantName: 'school',
      applicationId: application,
      applicationName: 'campus',
      deviceProfileName: device.kind,
      deviceName: device.id,
      devEui: device.name,
    },
  };
  return { topic, body: { ...about, ...body } };
}

const devAddr = ({ name }: MqttDevice) => name.slice(-8);
