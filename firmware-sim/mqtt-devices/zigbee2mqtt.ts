import type { Gesture, MqttDevice, MqttSystem, Said } from './system.ts';

const base = 'zigbee2mqtt';
const actions: Record<Gesture, string> = { short: 'single', double: 'double', long: 'hold' };
const models = {
  button: { model: 'SNZB-01', vendor: 'SONOFF', description: 'Wireless button' },
  smoke: { model: 'TS0205', vendor: 'Tuya', description: 'Smoke sensor' },
  water: { model: 'SNZB-05P', vendor: 'SONOFF', description: 'Water leak sensor' },
  gate: { model: 'SNZB-04', vendor: 'SONOFF', description: 'Contact sensor' },
};

/** https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html, with availability on. */
export const zigbee2mqtt: MqttSystem = {
  connection: 'bridge',
  will: () => ({ topic: `${base}/bridge/state`, body: { state: 'offline' }, retain: true }),
  birth: (device, devices) => [
    { topic: `${base}/bridge/state`, body: { state: 'online' }, retain: true },
    { topic: `${base}/bridge/devices`, body: devices.map(listed), retain: true },
    reach(device, true),
  ],
  alive: (device) => [state(device)],
  pressed: (device, gesture) => [state(device, { action: actions[gesture] })],
  changed: (device) => [state(device)],
  reach,
};

function reach({ name }: MqttDevice, reached: boolean): Said {
  return {
    topic: `${base}/${name}/availability`,
    body: { state: reached ? 'online' : 'offline' },
    retain: true,
  };
}

function state(device: MqttDevice, more: object = {}): Said {
  const { name, kind, battery, up } = device;
  const own = {
    button: {},
    smoke: { smoke: up, tamper: false, test: false },
    water: { water_leak: up, tamper: false },
    // True: the magnet is near, the door is closed.
    gate: { contact: !up, tamper: false },
  }[kind];
  return {
    topic: `${base}/${name}`,
    body: { battery, battery_low: battery < 10, linkquality: 120, voltage: 3000, ...own, ...more },
  };
}

function listed({ name, kind }: MqttDevice, i: number) {
  return {
    ieee_address: `0x00124b${(0x10_0000_0000 + i).toString(16)}`,
    type: 'EndDevice',
    network_address: 1000 + i,
    supported: true,
    friendly_name: name,
    power_source: 'Battery',
    interviewing: false,
    interview_completed: true,
    definition: models[kind],
  };
}
