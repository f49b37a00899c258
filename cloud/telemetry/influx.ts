import { Buffer } from 'node:buffer';
import { Point } from '@influxdata/influxdb-client';
import type { HttpPort } from '#platform/http.ts';
import type { Clock, Database, Log, Randomness } from '#platform/ports.ts';
import type { Point as TelemetryPoint } from '#protocols/messages/telemetry.ts';
import type { CloudConfig } from '../config.ts';
import { flux, fluxBuckets } from './influx-v2.ts';
import { influxQl, influxQlBuckets } from './influx-v1.ts';
import { openLineQueue } from './line-queue.ts';
import type { LineQueue, Sent } from './line-queue.ts';
import { TelemetryUnavailable } from './telemetry-store.ts';
import type { TelemetryQuestion, TelemetrySource, TelemetryStore } from './telemetry-store.ts';

export type InfluxConfig = NonNullable<CloudConfig['telemetry']['influx']>;
const measurement = 'telemetry';
const timeoutMs = 10_000;
/** Of an answer of the database; 10,000 buckets are below 1 MB. */
const answerLimitBytes = 16 * 1024 * 1024;

/**
 * One point in line protocol. The library's own write buffers are not used: they live in memory only, and say
 * that they are done when lines were dropped.
 */
export function lineOf({ campus, gateway }: TelemetrySource, point: TelemetryPoint): string {
  const line = new Point(measurement)
    .tag('campus', campus)
    .tag('gateway', gateway)
    .tag('device', point.device)
    .floatField(point.field, point.value)
    .timestamp(`${point.at}`);
  // A backslash at the end would swallow what follows it.
  const unit = point.unit.replace(/[\\\s]+$/, '');
  if (unit !== '') line.tag('unit', unit);
  return line.toLineProtocol()!;
}

/** InfluxDB 1.x or 2.x behind a durable queue: what it holds is never waited for by a gateway. */
export async function influxTelemetry(
  parts: { database: Database; clock: Clock; random: Randomness; log: Log; http: HttpPort },
  config: InfluxConfig,
): Promise<TelemetryStore & Pick<LineQueue, 'counts'>> {
  const { http } = parts;
  const base = config.url.replace(/\/+$/, '');
  const authorization: Record<string, string> =
    config.version === 2
      ? { authorization: `Token ${config.token}` }
      : config.username === undefined
        ? {}
        : {
            authorization: `Basic ${Buffer.from(`${config.username}:${config.password ?? ''}`).toString('base64')}`,
          };
  const ask = (method: 'GET' | 'POST', path: string, body?: string, headers: Record<string, string> = {}) =>
    http.request({
      method,
      url: base + path,
      headers: { ...authorization, ...headers },
      body,
      timeoutMs,
      maxBytes: answerLimitBytes,
    });

  const write =
    config.version === 2
      ? `/api/v2/write?${new URLSearchParams({ org: config.org, bucket: config.bucket, precision: 'ms' })}`
      : `/write?${new URLSearchParams({ db: config.database, precision: 'ms' })}`;

  async function send(lines: readonly string[]): Promise<Sent> {
    try {
      const answer = await ask('POST', write, lines.join('\n'), {
        'content-type': 'text/plain; charset=utf-8',
      });
      const reason = `${answer.status} ${answer.body.slice(0, 500)}`;
      if (answer.status === 204 || answer.status === 200) return { kind: 'stored' };
      // 413: too much at once. Other answers of 4xx (a wrong token, a missing database) are for people to mend.
      if (answer.status === 400 || answer.status === 413 || answer.status === 422)
        return { kind: 'refused', reason };
      if (answer.status === 404 && config.version === 1) await createDatabase(config.database);
      return { kind: 'away', reason };
    } catch (error) {
      return { kind: 'away', reason: (error as Error).message };
    }
  }

  async function createDatabase(name: string): Promise<void> {
    const q = `CREATE DATABASE "${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    const { status } = await ask('POST', `/query?${new URLSearchParams({ q })}`);
    parts.log.info('asked InfluxDB to create its database', { database: name, status });
  }

  async function query(question: TelemetryQuestion) {
    let answer;
    try {
      answer =
        config.version === 2
          ? await ask(
              'POST',
              `/api/v2/query?${new URLSearchParams({ org: config.org })}`,
              JSON.stringify({
                query: flux(config.bucket, question),
                dialect: { header: true, annotations: [] },
              }),
              { 'content-type': 'application/json', accept: 'application/csv' },
            )
          : await ask(
              'GET',
              `/query?${new URLSearchParams({ db: config.database, epoch: 'ms', ...influxQl(question) })}`,
            );
    } catch (error) {
      throw new TelemetryUnavailable(`InfluxDB does not answer: ${(error as Error).message}`);
    }
    // A database that is not there yet holds nothing; the first point creates it.
    if (answer.status !== 200 || answer.cut) {
      throw new TelemetryUnavailable(`InfluxDB answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    }
    return config.version === 2 ? fluxBuckets(answer.body, question.everyMs) : influxQlBuckets(answer.body);
  }

  const queue = await openLineQueue(parts, send);
  return {
    write: (source, points) => queue.add(points.map((point) => lineOf(source, point))),
    query,
    counts: queue.counts,
    close: queue.close,
  };
}
