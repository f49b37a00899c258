import type { Driver } from '../driver.ts';
import { buttonDriver } from './button.ts';
import { cardReaderDriver } from './card-reader.ts';
import { contactIdPanelDriver } from './contact-id-panel.ts';
import { firePanelDriver } from './fire-panel.ts';
import { gatewayDriver } from './gateway.ts';
import { modbusDriver } from './modbus.ts';
import { mqttDevicesDriver } from './mqtt-devices.ts';
import { onvifCameraDriver } from './onvif-camera.ts';
import { upsDriver } from './ups.ts';

/** Every driver that an edge's file can name. A new one is its file, and its line here. */
export const drivers: readonly Driver[] = [
  buttonDriver,
  cardReaderDriver,
  contactIdPanelDriver,
  firePanelDriver,
  gatewayDriver,
  modbusDriver,
  mqttDevicesDriver,
  onvifCameraDriver,
  upsDriver,
];
