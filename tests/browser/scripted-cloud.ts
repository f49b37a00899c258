import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import type {
  ApiAlarm,
  ApiAlert,
  ApiCentre,
  ApiDevice,
  ApiGateway,
  ApiLatency,
  FeedEvent,
} from '#protocols/api.ts';
import type { ApiPicture } from '#protocols/api-pictures.ts';
import { ensureConsole } from '../../bin/build-console.mjs';

/** The policy under which the page must run without one violation. */
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; report-uri /csp-report";
/** One grey pixel. */
const tinyJpeg = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'grey' } })
  .jpeg()
  .toBuffer();
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

interface Tables {
  alarms: ApiAlarm[];
  devices: ApiDevice[];
  gateways: ApiGateway[];
  alerts: ApiAlert[];
  centres: ApiCentre[];
}

export interface ScriptedCloud {
  url: string;
  tables: Tables;
  latency: ApiLatency;
  /** Last-Event-ID of each connection to the feed, in order (null: none). */
  resumedFrom: (string | null)[];
  /** How often the page asked for all alarms. */
  snapshots: number;
  /** Bodies of the browser's reports. */
  violations: string[];
  /** Of the alarms; one that is looked at is noted in `looks`. */
  pictures: ApiPicture[];
  looks: string[];
  /** Changes the table and tells the feed, as the cloud does in one commit. */
  tell(event: FeedEvent): void;
  /** Changes the feed alone: an entry that a snapshot would not show. */
  reset(): void;
  /** The server goes away: every connection is cut and none is taken, until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

/** Serves the built page and plays the cloud's API from tables that a test changes. */
export async function startScriptedCloud(tables: Tables, latency: ApiLatency): Promise<ScriptedCloud> {
  const folder = await ensureConsole();
  const log: { id: number; event: FeedEvent }[] = [];
  const readers = new Set<ServerResponse>();
  let away = false;

  const server = createServer((request, response) => {
    if (away) return void request.socket.destroy();
    const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/csp-report') {
      request.setEncoding('utf8').on('data', (body: string) => cloud.violations.push(body));
      return void response.writeHead(204).end();
    }
    if (pathname === '/api/v1/events') return feed(response, request.headers['last-event-id']);
    if (pathname === '/api/v1/latency') return json(response, cloud.latency);
    if (pathname === '/api/v1/pictures') {
      const about = searchParams.get('alarm');
      return json(response, { items: cloud.pictures.filter((p) => p.about === about) });
    }
    if (pathname.startsWith('/api/v1/pictures/')) {
      cloud.looks.push(pathname + search);
      return void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(tinyJpeg);
    }
    const table = pathname.match(/^\/api\/v1\/(alarms|devices|gateways|alerts|centres)$/)?.[1];
    if (table) {
      if (table === 'alarms') cloud.snapshots += 1;
      return json(response, { items: tables[table as keyof Tables], next: null });
    }
    void page(response, pathname === '/' ? '/index.html' : pathname);
  });

  function json(response: ServerResponse, body: unknown) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async function page(response: ServerResponse, path: string) {
    const body = await readFile(join(folder, path)).catch(() => null);
    if (!body) return void response.writeHead(404).end();
    const type = types[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
  }

  function feed(response: ServerResponse, header: string | string[] | undefined) {
    const last = typeof header === 'string' ? header : null;
    cloud.resumedFrom.push(last);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`: here\n\n${last === null ? `id: ${log.length}\n\n` : ''}`);
    if (last !== null) for (const entry of log.filter(({ id }) => id > Number(last))) write(response, entry);
    readers.add(response);
    response.on('close', () => readers.delete(response));
  }

  function write(response: ServerResponse, { id, event }: { id: number; event: FeedEvent }) {
    response.write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  const cloud: ScriptedCloud = {
    url: '',
    tables,
    latency,
    resumedFrom: [],
    snapshots: 0,
    violations: [],
    pictures: [],
    looks: [],
    tell(event) {
      change(tables, event);
      const entry = { id: log.length + 1, event };
      log.push(entry);
      for (const reader of readers) write(reader, entry);
    },
    reset() {
      for (const reader of readers) reader.write(`id: ${log.length}\nevent: reset\ndata: {}\n\n`);
    },
    cut() {
      away = true;
      server.closeAllConnections();
    },
    restore() {
      away = false;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return cloud;
}

function change(tables: Tables, event: FeedEvent): void {
  const replace = <T>(items: T[], item: T, same: (other: T) => boolean) => {
    const index = items.findIndex(same);
    if (index >= 0) items[index] = item;
    else items.unshift(item);
  };
  switch (event.type) {
    case 'alarm':
      return replace(tables.alarms, event.data, (other) => other.id === event.data.id);
    case 'device':
      return replace(tables.devices, event.data, (other) => other.place.device === event.data.place.device);
    case 'gateway':
      return replace(tables.gateways, event.data, (other) => other.gateway === event.data.gateway);
    case 'alert':
      return replace(tables.alerts, event.data, (other) => other.id === event.data.id);
    case 'centre':
      return replace(tables.centres, event.data, (other) => other.id === event.data.id);
  }
}
