import type { Gesture, MqttDevice, MqttSystem, Moment, Said } from './system.ts';

const actions: Record<Gesture, string> = { short: 'SINGLE', double: 'DOUBLE', long: 'HOLD' };

/**
 * https://tasmota.github.io/docs/MQTT/, with switches and buttons that are detached from relays (SetOption114 1,
 * SetOption73 1). Each device has a connection of its own.
 */
export const tasmota: MqttSystem = {
  connection: 'device',
  will: ({ name }) => ({ topic: `tele/${name}/LWT`, body: 'Offline', retain: true }),
  birth: (device) => [
    { topic: `tele/${device.name}/LWT`, body: 'Online', retain: true },
    { topic: `tasmota/discovery/${macOf(device)}/config`, body: discovery(device), retain: true },
  ],
  alive(device, now) {
    const state = {
      Time: time(now),
      UptimeSec: now.count * 60,
      Heap: 26,
      Wifi: { AP: 1, SSId: 'campus', Channel: 6, RSSI: 78, Signal: -61 },
    };
    const said: Said[] = [{ topic: `tele/${device.name}/STATE`, body: state }];
    if (device.kind !== 'button') {
      said.push({
        topic: `tele/${device.name}/SENSOR`,
        body: { Time: time(now), Switch1: position(device) },
      });
    }
    return said;
  },
  pressed: ({ name }, gesture) => [
    { topic: `stat/${name}/RESULT`, body: { Button1: { Action: actions[gesture] } } },
  ],
  changed: (device) => [
    { topic: `stat/${device.name}/RESULT`, body: { Switch1: { Action: position(device) } } },
  ],
  // Wi-Fi: who is out of reach has lost its connection.
  reach: () => null,
};

const position = ({ up }: MqttDevice) => (up ? 'ON' : 'OFF');

/** Local time without a zone, as Tasmota writes it; this one keeps UTC. */
const time = ({ wall }: Moment) => new Date(wall).toISOString().slice(0, 19);

function macOf({ name }: MqttDevice): string {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) % 0xff_ffff;
  return `A4CF12${hash.toString(16).toUpperCase().padStart(6, '0')}`;
}

function discovery(device: MqttDevice) {
  const { name } = device;
  const words = { ofln: 'Offline', onln: 'Online', state: ['OFF', 'ON', 'TOGGLE', 'HOLD'] };
  const topics = { ft: '%prefix%/%topic%/', tp: ['cmnd', 'stat', 'tele'] };
  return { dn: name, hn: name, mac: macOf(device), md: 'ESP32', t: name, sw: '15.0.1', ...words, ...topics };
}
