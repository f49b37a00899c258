import type { HttpPort } from '#platform/http.ts';
import type { Ports } from '#platform/ports.ts';
import type { ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import type { TelemetryMessage } from '#protocols/messages/telemetry.ts';
import type { CloudConfig } from '../config.ts';
import { embeddedSchema, embeddedTelemetry } from './embedded.ts';
import { influxTelemetry } from './influx.ts';
import { queueSchema } from './line-queue.ts';
import { progressSchema, telemetryReceiver } from './receiving.ts';
import type { TelemetryStore } from './telemetry-store.ts';

export interface Telemetry extends Pick<TelemetryStore, 'query'> {
  /** Stores a message and sends its receipt; rejects when it was not stored. One at a time. */
  receive(campus: string, gateway: string, message: TelemetryMessage): Promise<void>;
  close(): Promise<void>;
}

/** Opens the database `telemetry` of this process: the points themselves, or the queue before InfluxDB. */
export async function openTelemetry(
  parts: Pick<Ports, 'clock' | 'random' | 'log' | 'databases'> & {
    http: HttpPort | null;
    epoch: string;
    send(campus: string, gateway: string, lane: 'receipt', message: ReceiptLaneMessage): void;
  },
  config: CloudConfig['telemetry'],
): Promise<Telemetry> {
  const { http } = parts;
  const schema = embeddedSchema + queueSchema + progressSchema;
  const database = await parts.databases.open('telemetry', 'relaxed', schema);
  let store: TelemetryStore;
  if (config.influx === undefined) store = embeddedTelemetry({ ...parts, database });
  else if (http === null) throw new Error('an InfluxDB is configured, but this cloud was given no HTTP');
  else store = await influxTelemetry({ ...parts, database, http }, config.influx);
  return {
    receive: telemetryReceiver({ ...parts, database, telemetry: store }),
    query: (question) => store.query(question),
    async close() {
      await store.close();
      await database.close();
    },
  };
}
