import { z } from 'zod';
import { bilingual } from '../messages/bilingual.ts';
import { deviceKind } from '../messages/state.ts';
import { signalType } from '../signal.ts';

const value = z.union([z.string(), z.number(), z.boolean()]);
const values = z.array(value).min(1);

/** Where in a JSON message: keys by dots, places of a list by number (`rxInfo.0.rssi`). Left out: the whole text. */
const field = z
  .string()
  .regex(/^[^.]+(\.[^.]+)*$/)
  .optional();

/** What one field of a message says. A field that is not in a message says nothing. */
const reading = z.discriminatedUnion('is', [
  /** An alarm state. */
  z.strictObject({ is: z.literal('level'), field, raises: signalType, up: values, down: values }),
  /** A door or gate: evidence, no alarm. */
  z.strictObject({ is: z.literal('contact'), field, open: values, closed: values }),
  /** A finger. Values that are in no list are other gestures, and are nothing. */
  z.strictObject({
    is: z.literal('action'),
    field,
    press: values,
    long_press: z.array(value).default([]),
  }),
  z.strictObject({
    is: z.literal('measure'),
    field,
    name: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
    unit: z.string().max(12),
    /** Below it is a fault (a battery). */
    low: z.number().optional(),
  }),
  /** What the other system says of whether the device is there. */
  z.strictObject({ is: z.literal('availability'), field, online: values, offline: values }),
]);
export type Reading = z.infer<typeof reading>;

const topic = z
  .string()
  .min(1)
  .regex(/^[^#]+$/, 'name each topic; + stands for one level');

const deviceTopic = z.strictObject({
  /** `{name}` is what the other system calls the device. */
  topic: topic.includes('{name}'),
  payload: z.enum(['json', 'text']).default('json'),
  /** For every kind of device. */
  all: z.array(reading).default([]),
  /** For a device of this kind only. */
  kinds: z.partialRecord(deviceKind, z.array(reading)).default({}),
});

/** Which topics and fields of another system's MQTT are which device, state and heartbeat. */
export const mqttMapping = z.strictObject({
  mapping: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  title: bilingual.strict(),
  /** Where its topics are documented. */
  sources: z.array(z.string()).min(1),
  topics: z.array(deviceTopic).min(1),
  /** A topic on which the other system says that it runs: when it does not, none of its devices is there. */
  bridge: z
    .strictObject({
      topic,
      payload: z.enum(['json', 'text']).default('json'),
      field,
      online: values,
      offline: values,
    })
    .optional(),
  /** Who signs in where the edge itself is the broker, and what it may do beside saying the topics above. */
  login: z
    .strictObject({
      /** `device`: each device signs in by itself. `system`: one program speaks for all of them. */
      of: z.enum(['device', 'system']).default('device'),
      /** Topic filters; `{name}` as above. */
      publish: z.array(z.string().min(1)).default([]),
      subscribe: z.array(z.string().min(1)).default([]),
    })
    .prefault({}),
});
export type MqttMapping = z.infer<typeof mqttMapping>;
export type DeviceTopic = MqttMapping['topics'][number];

/** The readings of a kind of device in messages on this topic. */
export function readingsOf({ all, kinds }: DeviceTopic, kind: z.infer<typeof deviceKind>): Reading[] {
  return [...all, ...(kinds[kind] ?? [])];
}

/** What the login of a device may do, as topic filters. */
export function grantsOf({ topics, bridge, login }: MqttMapping, name: string) {
  const own = (filter: string) => filter.replaceAll('{name}', name);
  return {
    publish: [...topics.map(({ topic }) => topic), ...(bridge ? [bridge.topic] : []), ...login.publish].map(
      own,
    ),
    subscribe: login.subscribe.map(own),
  };
}
