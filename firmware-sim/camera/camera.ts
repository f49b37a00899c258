import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Randomness } from '#platform/ports.ts';
import { type CameraEvent, pullPointPath, pullPoints } from './events.ts';
import { misbehave, type Misbehaviour } from './misbehaviour.ts';
import { type Lens, lensOn } from './picture.ts';
import { type SimulatedStream, simulateStream, type StreamShape } from './rtsp.ts';
import type { SceneName } from './scenes.ts';
import { answers } from './services.ts';
import { envelope, fault, operationOf, passwordDigest, tokenOf } from './soap.ts';

export interface CameraOptions {
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  username: string;
  password: string;
  /** `token`: WS-UsernameToken, `digest`: HTTP digest on SOAP too. Default: either will do. */
  login?: 'token' | 'digest' | 'either';
  serial?: string;
  scene?: SceneName;
  /** What it streams; its profile promises the same unless `profile` is set. */
  stream?: StreamShape;
  /** Of the stream; 0, the default, takes a free one. */
  rtspPort?: number;
}

/** The camera's state and vices, to be set at any time. */
export interface CameraControl {
  readonly port: number;
  /** Of its device service. */
  readonly address: string;
  password: string;
  /** Its clock minus ours. */
  clockOffsetMs: number;
  misbehaviour: Misbehaviour | null;
  /** Only these operations misbehave (`Snapshot` is the picture); null: all. */
  misbehavingOperations: readonly string[] | null;
  /** What it calls itself in every address that it names; null: as it is. */
  advertisedOrigin: string | null;
  /** How it sees. */
  readonly lens: Lens;
  readonly stream: SimulatedStream;
  /** What its profile promises of the stream. */
  profile: StreamShape;
  /** How far its recordings reach back; null: it has no recorder. */
  recordedDays: number | null;
  /** Tells a notification to whoever pulls. */
  emit(event: CameraEvent): void;
  /** Operations answered or refused, by name. */
  readonly asked: ReadonlyMap<string, number>;
  /** Cuts all connections and refuses new ones until `online`. */
  offline(): Promise<void>;
  online(): Promise<void>;
  /**
   * A restart: offline for `ms`, then up, and its pull points forgotten. Without a battery (the default) its clock
   * is that of the factory.
   */
  reboot(ms: number, clock?: 'kept' | 'lost'): Promise<void>;
  close(): Promise<void>;
}

/** A signature older or newer than this by the camera's own clock is refused. */
const tokenWindowMs = 5000;
const factoryClock = Date.UTC(2000, 0, 1);
const realm = 'IP Camera';
const requestLimit = 1 << 16;
const smallStream: StreamShape = { width: 160, height: 96, fps: 10 };
const lastReboot = 'tns1:Monitoring/OperatingTime/LastReboot';
/** Time from the order to restart until it is gone. */
const rebootAfterMs = 50;
const rebootMs = 500;

/**
 * A camera that speaks ONVIF: device, media, event (pull point) and search service over SOAP, a snapshot over
 * HTTP, and its stream over RTSP.
 */
export async function simulateCamera(
  ports: { clock: Clock; random: Randomness },
  options: CameraOptions,
): Promise<CameraControl> {
  const { clock } = ports;
  const { host = '127.0.0.1', login = 'either', serial = 'SIM0001' } = options;
  const asked = new Map<string, number>();
  const usedNonces = new Set<string>();
  const httpNonce = Buffer.from(ports.random.bytes(16)).toString('hex');
  const { scene = 'gate', stream: shape = smallStream } = options;
  let port = options.port ?? 0;
  const lens = lensOn(scene, ports);
  const stream = await simulateStream(
    ports,
    {
      shape,
      frame: (width, height) => lens.frame(width, height),
      login: () => ({ username: options.username, password: camera.password }),
    },
    { host, port: options.rtspPort ?? 0 },
  );
  const events = pullPoints(clock, () => clock.wall() + camera.clockOffsetMs);
  let server = listening();

  const camera: CameraControl = {
    lens,
    stream,
    profile: shape,
    recordedDays: 60,
    emit: (event) => events.emit(event),
    password: options.password,
    clockOffsetMs: 0,
    misbehaviour: null,
    misbehavingOperations: null,
    advertisedOrigin: null,
    asked,
    get port() {
      return port;
    },
    get address() {
      return `http://${host}:${port}/onvif/device_service`;
    },
    async offline() {
      const open = await server;
      const closed = new Promise<void>((done) => open.close(() => done()));
      open.closeAllConnections();
      await Promise.all([closed, stream.offline()]);
    },
    async online() {
      server = listening();
      await Promise.all([server, stream.online()]);
    },
    async reboot(ms, battery = 'lost') {
      await camera.offline();
      events.clear();
      await new Promise<void>((done) => clock.after(ms, done));
      if (battery === 'lost') camera.clockOffsetMs = factoryClock - clock.wall();
      tellReboot();
      await camera.online();
    },
    async close() {
      events.clear();
      await camera.offline();
    },
  };

  function tellReboot(): void {
    const status = new Date(clock.wall() + camera.clockOffsetMs).toISOString();
    events.emit({ topic: lastReboot, data: { Status: status } });
  }

  async function listening(): Promise<http.Server> {
    const opened = http.createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((done, reject) => {
      opened.once('error', reject);
      opened.listen(port, host, done);
    });
    port = (opened.address() as AddressInfo).port;
    return opened;
  }

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request) {
      length += (chunk as Buffer).length;
      if (length > requestLimit) return void response.destroy();
      chunks.push(chunk as Buffer);
    }
    const body = Buffer.concat(chunks).toString('utf8');
    const isPicture = request.method === 'GET' && request.url?.startsWith('/snapshot');
    const operation = isPicture ? 'Snapshot' : (operationOf(body) ?? 'unknown');
    asked.set(operation, (asked.get(operation) ?? 0) + 1);
    const { misbehaviour, misbehavingOperations } = camera;
    if (misbehaviour && (misbehavingOperations?.includes(operation) ?? true)) {
      return misbehave(misbehaviour, response, clock);
    }
    const digestHolds = httpDigestHolds(request);
    if (isPicture) {
      if (!digestHolds) return challenge(response);
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(await lens.jpeg());
      return;
    }
    const anonymous = ['GetSystemDateAndTime', 'GetCapabilities', 'GetServices'].includes(operation);
    if (!anonymous && !(login !== 'token' && digestHolds)) {
      const token = login === 'digest' ? null : tokenOf(body);
      if (!token) return challenge(response);
      const refused = tokenRefusal(token);
      if (refused) return soap(response, 400, fault('ter:NotAuthorized', refused));
    }
    const said = await toSay(operation, request.url ?? '', body);
    if (said === null) soap(response, 500, fault('ter:ActionNotSupported', 'Not supported'));
    else soap(response, 200, envelope(said));
    if (operation === 'SystemReboot') clock.after(rebootAfterMs, () => void camera.reboot(rebootMs, 'kept'));
  }

  async function toSay(operation: string, path: string, body: string): Promise<string | null> {
    const wall = clock.wall() + camera.clockOffsetMs;
    const origin = camera.advertisedOrigin ?? `http://${host}:${port}`;
    const times = (ms: number) =>
      ['CurrentTime', 'TerminationTime'].map(
        (name, i) => [name, new Date(wall + i * ms).toISOString()] as const,
      );
    switch (operation) {
      case 'CreatePullPointSubscription': {
        const at = `<tev:SubscriptionReference><wsa5:Address>${origin}${events.create()}</wsa5:Address></tev:SubscriptionReference>`;
        const until = times(120_000).map(([name, at]) => `<wsnt:${name}>${at}</wsnt:${name}>`);
        return `<tev:CreatePullPointSubscriptionResponse>${at}${until.join('')}</tev:CreatePullPointSubscriptionResponse>`;
      }
      case 'PullMessages': {
        const seconds = Number(
          /Timeout>PT([\d.]+)S</.exec(body)?.[1] ?? (/Timeout>PT1M</.test(body) ? 60 : 5),
        );
        const messages = path.startsWith(pullPointPath) ? await events.pull(path, seconds * 1000) : null;
        const until = times(120_000).map(([name, at]) => `<tev:${name}>${at}</tev:${name}>`);
        return messages === null
          ? null
          : `<tev:PullMessagesResponse>${until.join('')}${messages}</tev:PullMessagesResponse>`;
      }
      case 'Renew': {
        const until = times(120_000).map(([name, at]) => `<wsnt:${name}>${at}</wsnt:${name}>`);
        return events.renew(path)
          ? `<wsnt:RenewResponse>${until.toReversed().join('')}</wsnt:RenewResponse>`
          : null;
      }
      case 'Unsubscribe':
        events.remove(path);
        return '<wsnt:UnsubscribeResponse/>';
      default: {
        const streamUri = `rtsp://${host}:${stream.port}/main`;
        const { profile, recordedDays } = camera;
        return answers({ origin, streamUri, serial, wall, profile, recordedDays })[operation] ?? null;
      }
    }
  }

  function tokenRefusal(token: NonNullable<ReturnType<typeof tokenOf>>): string | null {
    const now = clock.wall() + camera.clockOffsetMs;
    if (token.username !== options.username) return 'Sender not Authorized';
    if (token.digest !== passwordDigest(token, camera.password)) return 'Sender not Authorized';
    if (!(Math.abs(Date.parse(token.created) - now) <= tokenWindowMs)) return 'Created is out of time';
    if (usedNonces.has(token.nonce)) return 'Nonce was used before';
    usedNonces.add(token.nonce);
    if (usedNonces.size > 1000) usedNonces.delete(usedNonces.values().next().value!);
    return null;
  }

  /** RFC 7616 with MD5 and qop=auth, as most cameras have it. */
  function httpDigestHolds(request: http.IncomingMessage): boolean {
    const header = request.headers.authorization ?? '';
    if (!header.startsWith('Digest ')) return false;
    const said = Object.fromEntries(
      [...header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,"]+))/g)].map(([, name, quoted, bare]) => [
        name,
        quoted ?? bare,
      ]),
    ) as Record<string, string | undefined>;
    const md5 = (...parts: (string | undefined)[]) => createHash('md5').update(parts.join(':')).digest('hex');
    const ha1 = md5(options.username, realm, camera.password);
    const ha2 = md5(request.method, request.url);
    const right = md5(ha1, httpNonce, said.nc, said.cnonce, 'auth', ha2);
    return said.nonce === httpNonce && said.username === options.username && said.response === right;
  }

  function challenge(response: http.ServerResponse): void {
    response
      .writeHead(401, {
        'www-authenticate': `Digest realm="${realm}", qop="auth", nonce="${httpNonce}", algorithm=MD5`,
        'content-type': 'text/html',
      })
      .end('<!DOCTYPE html><title>Unauthorized</title>');
  }

  tellReboot();
  await server;
  return camera;
}

function soap(response: http.ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'application/soap+xml; charset=utf-8' }).end(xml);
}
