import { z } from 'zod';
import type { BrokerPlace } from '#platform/ports.ts';

/** A PEM file's text: whoever read the edge's file has put it where the path was. */
const pem = z.string().regex(/-----BEGIN [A-Z ]+-----/, 'expected the path of a PEM file');

/** The edge's own broker, to which devices at `local:` connect. Without it there is none. */
export const localBrokerConfig = z.strictObject({
  /** Loopback, unless the file says otherwise: passwords cross the network in the clear without `tls`. */
  host: z
    .union([z.ipv4(), z.ipv6()], 'write an address of this machine, or 0.0.0.0 for all')
    .default('127.0.0.1'),
  port: z.int().min(1).max(65_535).default(1883),
  tls: z.strictObject({ cert: pem, key: pem }).optional(),
  connections: z.int().min(1).max(5000).default(256),
  messages_per_s: z.number().min(1).max(1000).default(50),
  max_packet_kib: z.int().min(16).max(8192).default(1024),
});
export type LocalBrokerConfig = z.infer<typeof localBrokerConfig>;

export function brokerPlace(config: LocalBrokerConfig): BrokerPlace {
  const { host, port, tls, connections, messages_per_s, max_packet_kib } = config;
  return {
    host,
    port,
    tls,
    connections,
    messagesPerSecond: messages_per_s,
    maxPacketBytes: max_packet_kib * 1024,
  };
}
