import { alarmPanels } from './alarm-panel/kind.ts';
import { buttonBuses } from './button/bus-kind.ts';
import { buttons } from './button/kind.ts';
import { cameras } from './camera/kind.ts';
import { cardReaders } from './card-reader/kind.ts';
import { httpCentres } from './centre/http-kind.ts';
import { centres } from './centre/kind.ts';
import { firePanels } from './fire-panel/kind.ts';
import { links } from './link/kind.ts';
import { buses } from './modbus/kind.ts';
import { mqttDevices } from './mqtt-devices/kind.ts';
import { upses } from './ups/kind.ts';

/** Every kind of simulated hardware, by the name of its list in sim.yaml. */
export const kinds = {
  buttons,
  button_buses: buttonBuses,
  centres,
  cameras,
  buses,
  http_centres: httpCentres,
  card_readers: cardReaders,
  alarm_panels: alarmPanels,
  fire_panels: firePanels,
  mqtt_devices: mqttDevices,
  upses,
  links,
};
export type Kinds = typeof kinds;
