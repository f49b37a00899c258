import { z } from 'zod';
import { doorConfig } from '#platform/doors/open.ts';
import { bilingual } from '#protocols/messages/bilingual.ts';
import { id } from '#protocols/signal.ts';
import { signInConfig } from './access/config.ts';
import { complainOfNotify, notifyConfig, webhook } from './notify/config.ts';
import { picturesConfig } from './pictures/config.ts';
import { campus, complainOfCampuses, complainOfRepeats } from './campus-config.ts';

/** Until gateways can sign in, the broker does not listen where others could reach it. */
const loopbackHost = z
  .string()
  .regex(
    /^(localhost|::1|127(\.\d{1,3}){3})$/,
    'only loopback (127.0.0.1, ::1, localhost) until sign-in exists: everyone who can reach this port could act',
  );
const port = z.int().min(0).max(65_535);

const broker = z
  .strictObject({
    /** The broker inside this process. */
    embedded: z
      .strictObject({ host: loopbackHost.default('127.0.0.1'), port: port.default(1883) })
      .optional(),
    /** A broker of your own, MQTT 3.1.1 over TCP. */
    url: z
      .string()
      .regex(/^mqtt:\/\/[^\s/]+\/?$/, 'expected mqtt://host:port')
      .optional(),
  })
  .transform((broker, context) => {
    if (broker.embedded !== undefined && broker.url !== undefined) {
      context.addIssue({ code: 'custom', path: ['url'], message: 'give either embedded or url, not both' });
      return z.NEVER;
    }
    return broker.url === undefined
      ? { kind: 'embedded' as const, ...(broker.embedded ?? { host: '127.0.0.1', port: 1883 }) }
      : { kind: 'external' as const, url: broker.url };
  });

const http = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: port.default(8080),
    /** Files, PEM. */
    tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
    /** Addresses or networks of the proxies that end TLS before it. */
    behind_proxy: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'expected an address or a network'))
      .min(1)
      .optional(),
  })
  .superRefine(({ host, tls, behind_proxy }, context) => {
    if (loopbackHost.safeParse(host).success || tls !== undefined || behind_proxy !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['host'],
      message:
        'only loopback (127.0.0.1, ::1, localhost), unless tls is set, or behind_proxy to the addresses of a proxy that ends TLS: passwords would cross the network in the clear',
    });
  });

const centre = z.strictObject({
  id,
  /** What people call it; without one they are told its id. */
  name: bilingual.strict().optional(),
  /** *Delivered* and the lamp mean this one. */
  primary: z.boolean().default(false),
  /** In the order in which they are tried. */
  doors: z.array(doorConfig).min(1),
  /**
   * False: tests and probes are not sent there. They end at its door, and the evidence says how far the way was
   * proved. Drills are agreed with it by people, and go through.
   */
  takes_tests: z.boolean().default(true),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected HH:MM');
const probes = z.strictObject({
  /** Within so many hours each button is proved on each path. */
  every_h: z.number().min(0.01).default(24),
  /** Probes run only between these times of the day (which may cross midnight), China Standard Time. */
  window: z.strictObject({ from: timeOfDay, to: timeOfDay }).optional(),
});
const httpUrl = z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' });
const influx = z.discriminatedUnion('version', [
  z.strictObject({
    version: z.literal(1),
    url: httpUrl,
    database: z.string().min(1),
    username: z.string().optional(),
    password: z.string().optional(),
  }),
  z.strictObject({
    version: z.literal(2),
    url: httpUrl,
    token: z.string().min(1),
    org: z.string().min(1),
    bucket: z.string().min(1),
  }),
]);

/** The cloud's file (`cloud.yaml`): strict, so that a mistyped key is an error and never a silent default. */
export const cloudConfig = z
  .strictObject({
    broker: broker.prefault({}),
    http: http.prefault({}),
    sign_in: signInConfig.prefault({}),
    /** `bound_ms`: the time within which a press must be acknowledged by 110. */
    latency: z.strictObject({ bound_ms: z.number().positive().default(2000) }).prefault({}),
    centres: z.array(centre).min(1),
    webhooks: z.array(webhook).default([]),
    /** Other channels, who is told what and when, and who is told when nobody cares. */
    notify: notifyConfig.prefault({}),
    campuses: z.array(campus).default([]),
    /** Scheduled end-to-end probes of the buttons; without this there are none. */
    probes: probes.optional(),
    /** Where no InfluxDB is configured, telemetry lives in the embedded store. */
    pictures: picturesConfig.prefault({}),
    /** `rules`: a file that tightens the national rules of the four hundred, beside this one. */
    four_hundred: z.strictObject({ rules: z.string().min(1).optional() }).prefault({}),
    telemetry: z.strictObject({ influx: influx.optional() }).prefault({}),
  })
  .superRefine((config, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });

    const primaries = config.centres.flatMap((c, i) => (c.primary ? [i] : []));
    if (primaries.length === 0) complain(['centres'], 'one centre must be marked primary: true');
    for (const i of primaries.slice(1)) complain(['centres', i, 'primary'], 'only one centre can be primary');

    complainOfRepeats(config.centres, ['centres'], 'centre', complain);
    for (const [c, { doors }] of config.centres.entries()) {
      complainOfRepeats(doors, ['centres', c, 'doors'], 'door of this centre', complain);
    }
    complainOfRepeats(config.webhooks, ['webhooks'], 'webhook', complain);
    complainOfNotify(config.notify, config.webhooks, complain);
    complainOfCampuses(config.campuses, complain);

    const { window, every_h } = config.probes ?? {};
    if (window !== undefined && window.from === window.to)
      complain(['probes', 'window'], 'a window needs two different times');
    if (window !== undefined && every_h !== undefined && every_h < 24)
      complain(['probes', 'every_h'], 'with a window, 24 or more: it opens once a day');
  });
export type CloudConfig = z.infer<typeof cloudConfig>;
