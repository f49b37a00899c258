/** What one of these devices is. Each system says it in its own words. */
export const mqttKinds = ['button', 'smoke', 'water', 'gate'] as const;
export type MqttKind = (typeof mqttKinds)[number];
export const gestures = ['short', 'double', 'long'] as const;
export type Gesture = (typeof gestures)[number];

export interface MqttDevice {
  id: string;
  /** What its system calls it: friendly name, Tasmota topic, DevEUI. */
  name: string;
  kind: MqttKind;
  /** Percent. */
  battery: number;
  /** Smoke or water is there; the gate is open. */
  up: boolean;
}

/** A message, in the words of the system that says it. */
export interface Said {
  topic: string;
  body: unknown;
  retain?: true;
}

/** One of the systems as it speaks. Pure: who publishes it, and when, is not its business. */
export interface MqttSystem {
  /** All devices speak by one connection (a bridge), or each by its own. */
  connection: 'bridge' | 'device';
  /** The broker says it for a connection that broke. */
  will(device: MqttDevice): Said | null;
  /** At each connection, for each of its devices. */
  birth(device: MqttDevice, devices: readonly MqttDevice[]): Said[];
  /** Again and again: that it lives, and what it measures. */
  alive(device: MqttDevice, now: Moment): Said[];
  pressed(device: MqttDevice, gesture: Gesture, now: Moment): Said[];
  /** `up` has changed. */
  changed(device: MqttDevice, now: Moment): Said[];
  /** Its system knows whether a device is within reach of its radio; null: this one has no word for it. */
  reach(device: MqttDevice, reached: boolean): Said | null;
}

export interface Moment {
  /** UTC ms. */
  wall: number;
  /** Messages of this device since it was made. */
  count: number;
}
