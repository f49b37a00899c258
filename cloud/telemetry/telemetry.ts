import type { HttpPort } from '#platform/http.ts';
import type { Ports } from '#platform/ports.ts';
import type { ReceiptLaneMessage, TelemetryPace } from '#protocols/messages/receipt.ts';
import type { CloudConfig } from '../config.ts';
import { embeddedSchema, embeddedTelemetry } from './embedded.ts';
import { influxTelemetry } from './influx.ts';
import { queueSchema } from './line-queue.ts';
import type { Records } from '../records/records.ts';
import { type ClosedGap, progressSchema, type TelemetryReceiver, telemetryReceiver } from './receiving.ts';
import type { TelemetryStore } from './telemetry-store.ts';

export interface Telemetry extends Pick<TelemetryStore, 'query'>, TelemetryReceiver {
  close(): Promise<void>;
}

/** Opens the database `telemetry` of this process: the points themselves, or the queue before InfluxDB. */
export async function openTelemetry(
  parts: Pick<Ports, 'clock' | 'random' | 'log' | 'databases'> & {
    http: HttpPort | null;
    epoch: string;
    records: Pick<Records, 'write'>;
    pace(): TelemetryPace;
    onGap(gap: ClosedGap): void;
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
    ...telemetryReceiver({ ...parts, database, telemetry: store }),
    query: (question) => store.query(question),
    async close() {
      await store.close();
      await database.close();
    },
  };
}
