import { join } from 'node:path';
import type { Ports } from '#platform/ports.ts';
import { realBrokers } from './broker.ts';
import { realClock } from './clock.ts';
import { realDatabases } from './database.ts';
import { realDisk } from './disk.ts';
import { realFiles } from './files.ts';
import { realHttp } from './http.ts';
import { type LogOptions, realLog } from './log.ts';
import { realMqtt } from './mqtt.ts';
import { realRandomness } from './randomness.ts';
import { realListening, realStreams } from './streams.ts';

export interface RealPortsOptions {
  /** Folder of this process's database files. */
  dataDir: string;
  mqttUrl: string;
  log: LogOptions;
}

/** The world as it is, for one process. */
export function realPorts({ dataDir, mqttUrl, log: logOptions }: RealPortsOptions): Ports {
  const log = realLog(logOptions);
  return {
    clock: realClock,
    random: realRandomness,
    databases: realDatabases(dataDir),
    disk: realDisk(dataDir),
    mqtt: realMqtt({ url: mqttUrl, clock: realClock, random: realRandomness, log }),
    streams: realStreams,
    listening: realListening,
    log,
    http: realHttp,
    files: realFiles(join(dataDir, 'pictures')),
    brokers: realBrokers({ clock: realClock, random: realRandomness, log }),
    brokerAt: (url) => realMqtt({ url, clock: realClock, random: realRandomness, log }),
  };
}
