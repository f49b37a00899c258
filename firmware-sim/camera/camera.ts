import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Randomness } from '#platform/ports.ts';
import { misbehave, type Misbehaviour } from './misbehaviour.ts';
import { picture } from './picture.ts';
import { dateAndTime, envelope, fault, operationOf, passwordDigest, tokenOf } from './soap.ts';

export interface CameraOptions {
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  username: string;
  password: string;
  /** `token`: WS-UsernameToken, `digest`: HTTP digest on SOAP too. Default: either will do. */
  login?: 'token' | 'digest' | 'either';
  serial?: string;
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
  /** Operations answered or refused, by name. */
  readonly asked: ReadonlyMap<string, number>;
  /** Cuts all connections and refuses new ones until `online`. */
  offline(): Promise<void>;
  online(): Promise<void>;
  /** A restart without a battery for the clock: offline for `ms`, then up with the clock of the factory. */
  reboot(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** A signature older or newer than this by the camera's own clock is refused. */
const tokenWindowMs = 5000;
const factoryClock = Date.UTC(2000, 0, 1);
const realm = 'IP Camera';
const requestLimit = 1 << 16;

/** A camera that speaks ONVIF: device and media service over SOAP, a snapshot over HTTP. */
export async function simulateCamera(
  ports: { clock: Clock; random: Randomness },
  options: CameraOptions,
): Promise<CameraControl> {
  const { clock } = ports;
  const { host = '127.0.0.1', login = 'either', serial = 'SIM0001' } = options;
  const asked = new Map<string, number>();
  const usedNonces = new Set<string>();
  const httpNonce = Buffer.from(ports.random.bytes(16)).toString('hex');
  let port = options.port ?? 0;
  let server = listening();

  const camera = {
    password: options.password,
    clockOffsetMs: 0,
    misbehaviour: null as Misbehaviour | null,
    misbehavingOperations: null as readonly string[] | null,
    advertisedOrigin: null as string | null,
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
      await closed;
    },
    async online() {
      server = listening();
      await server;
    },
    async reboot(ms: number) {
      await camera.offline();
      await new Promise<void>((done) => clock.after(ms, done));
      camera.clockOffsetMs = factoryClock - clock.wall();
      await camera.online();
    },
    close: () => camera.offline(),
  };

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
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture);
      return;
    }
    const anonymous = ['GetSystemDateAndTime', 'GetCapabilities', 'GetServices'].includes(operation);
    if (!anonymous && !(login !== 'token' && digestHolds)) {
      const token = login === 'digest' ? null : tokenOf(body);
      if (!token) return challenge(response);
      const refused = tokenRefusal(token);
      if (refused) return soap(response, 400, fault('ter:NotAuthorized', refused));
    }
    const said = operations()[operation];
    if (said === undefined) soap(response, 500, fault('ter:ActionNotSupported', 'Not supported'));
    else soap(response, 200, envelope(said));
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

  function operations(): Record<string, string> {
    const origin = camera.advertisedOrigin ?? `http://${host}:${port}`;
    const device = `${origin}/onvif/device_service`;
    const media = `${origin}/onvif/media_service`;
    const service = (namespace: string, xaddr: string) =>
      `<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${xaddr}</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>`;
    const uri = (of: string) =>
      `<trt:MediaUri><tt:Uri>${of}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri>`;
    return {
      GetSystemDateAndTime: `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>${dateAndTime(clock.wall() + camera.clockOffsetMs)}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
      GetServices: `<tds:GetServicesResponse>${service('http://www.onvif.org/ver10/device/wsdl', device)}${service('http://www.onvif.org/ver10/media/wsdl', media)}</tds:GetServicesResponse>`,
      GetCapabilities: `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Device><tt:XAddr>${device}</tt:XAddr></tt:Device><tt:Media><tt:XAddr>${media}</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`,
      GetDeviceInformation: `<tds:GetDeviceInformationResponse><tds:Manufacturer>Belfry</tds:Manufacturer><tds:Model>SimCam</tds:Model><tds:FirmwareVersion>1.2.3</tds:FirmwareVersion><tds:SerialNumber>${serial}</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`,
      GetProfiles: `<trt:GetProfilesResponse><trt:Profiles token="main" fixed="true"><tt:Name>main</tt:Name></trt:Profiles><trt:Profiles token="sub" fixed="true"><tt:Name>sub</tt:Name></trt:Profiles></trt:GetProfilesResponse>`,
      GetSnapshotUri: `<trt:GetSnapshotUriResponse>${uri(`${origin}/snapshot?channel=1`)}</trt:GetSnapshotUriResponse>`,
      GetStreamUri: `<trt:GetStreamUriResponse>${uri(`rtsp://${host}/main`)}</trt:GetStreamUriResponse>`,
    };
  }

  await server;
  return camera;
}

function soap(response: http.ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'application/soap+xml; charset=utf-8' }).end(xml);
}
