import { createHash } from 'node:crypto';
import net from 'node:net';
import type { Clock, Randomness } from '#platform/ports.ts';
import { type Frame, frameNumbers, keyFrame, parameterSets, repeatFrame } from './h264.ts';
import { packets } from './rtp.ts';

/**
 * What the stream does instead of flowing. `hang`: takes the connection and says nothing. `drip`: one byte of the
 * answer now and then. `garbage`: bytes that are no RTSP, without end. `not-found`: no such stream. `busy`: too
 * many viewers. `no-keyframe`: only frames that refer to one that never came. `half-open`: silence after PLAY.
 * `slow`: a fraction of the frames that the profile promises.
 */
export const streamTroubles = [
  'hang',
  'drip',
  'garbage',
  'not-found',
  'busy',
  'no-keyframe',
  'half-open',
  'slow',
] as const;
export type StreamTrouble = (typeof streamTroubles)[number];

export interface StreamShape {
  width: number;
  height: number;
  fps: number;
}

export interface SimulatedStream {
  readonly port: number;
  trouble: StreamTrouble | null;
  /** Connections that play now. */
  readonly viewers: number;
  offline(): Promise<void>;
  online(): Promise<void>;
}

interface Source {
  shape: StreamShape;
  frame(width: number, height: number): Promise<Frame>;
  /** The login in force; an empty name: none is asked for. */
  login(): { username: string; password: string };
}

const realm = 'IP Camera';
const requestLimit = 1 << 14;
const dripMs = 100;
/** Frames from one key frame to the next. */
const keyEvery = 10;
const slowness = 5;
/** Clock rate of video (RFC 6184, 8.2.1), and the first dynamic payload type (RFC 3551). */
const clockRate = 90_000;
export const payloadType = 96;

interface Request {
  method: string;
  url: string;
  headers: Map<string, string>;
}

/** A camera's stream: RTSP 1.0 (RFC 2326) with digest login, H.264 over the same TCP connection (10.12). */
export async function simulateStream(
  { clock, random }: { clock: Clock; random: Randomness },
  source: Source,
  at: { host: string; port: number },
): Promise<SimulatedStream> {
  const { width, height, fps } = source.shape;
  const { sps, pps } = parameterSets(width, height);
  const nonce = Buffer.from(random.bytes(16)).toString('hex');
  const sockets = new Set<net.Socket>();
  let { port } = at;
  let viewers = 0;
  let server = await listening();

  const stream = {
    trouble: null as StreamTrouble | null,
    get port() {
      return port;
    },
    get viewers() {
      return viewers;
    },
    async offline() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async online() {
      server = await listening();
    },
  };

  async function listening(): Promise<net.Server> {
    const opened = net.createServer({ noDelay: true }, serve);
    await new Promise<void>((done, reject) => {
      opened.once('error', reject);
      opened.listen(port, at.host, done);
    });
    port = (opened.address() as net.AddressInfo).port;
    return opened;
  }

  function serve(socket: net.Socket): void {
    sockets.add(socket);
    let buffered = '';
    let stop = () => {};
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      stop();
    });
    if (stream.trouble === 'garbage') return pourGarbage(socket);
    socket.on('data', (bytes) => {
      buffered += bytes.toString('latin1');
      if (buffered.length > requestLimit) return void socket.destroy();
      for (;;) {
        // Reports of the viewer (RTCP) come in frames of their own: `$`, channel, length.
        if (buffered.startsWith('$')) {
          if (buffered.length < 4) return;
          const length = 4 + (buffered.charCodeAt(2) << 8) + buffered.charCodeAt(3);
          if (buffered.length < length) return;
          buffered = buffered.slice(length);
          continue;
        }
        const end = buffered.indexOf('\r\n\r\n');
        if (end < 0) return;
        const request = parse(buffered.slice(0, end));
        buffered = buffered.slice(end + 4);
        answer(socket, request, (play) => {
          stop();
          stop = play;
        });
      }
    });
  }

  function answer(socket: net.Socket, request: Request, playing: (stop: () => void) => void): void {
    const { method, headers, url } = request;
    const { trouble } = stream;
    if (trouble === 'hang') return;
    const say = (status: string, more: string[] = [], body = '') => {
      const text = [
        `RTSP/1.0 ${status}`,
        `CSeq: ${headers.get('cseq') ?? '0'}`,
        ...more,
        ...(body ? ['Content-Type: application/sdp', `Content-Length: ${Buffer.byteLength(body)}`] : []),
        '',
        body,
      ].join('\r\n');
      if (trouble === 'drip') drip(socket, text);
      else socket.write(text);
    };
    if (method === 'OPTIONS') {
      return say('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN']);
    }
    if (!loginHolds(request)) {
      return say('401 Unauthorized', [`WWW-Authenticate: Digest realm="${realm}", nonce="${nonce}"`]);
    }
    if (trouble === 'not-found') return say('404 Not Found');
    if (trouble === 'busy') return say('453 Not Enough Bandwidth');
    const session = 'Session: 12345678;timeout=60';
    switch (method) {
      case 'DESCRIBE':
        return say('200 OK', [`Content-Base: ${url}/`], describe());
      case 'SETUP':
        if (!/TCP/.test(headers.get('transport') ?? '')) return say('461 Unsupported Transport');
        return say('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', session]);
      case 'PLAY':
        say('200 OK', [session, 'Range: npt=0.000-']);
        if (trouble !== 'half-open') playing(play(socket));
        return;
      case 'GET_PARAMETER':
        return say('200 OK', [session]);
      case 'TEARDOWN':
        say('200 OK');
        return void socket.end();
      default:
        return say('501 Not Implemented');
    }
  }

  function describe(): string {
    const sets = [sps, pps].map((set) => Buffer.from(set).toString('base64')).join(',');
    const profile = Buffer.from(sps.subarray(1, 4)).toString('hex');
    return [
      'v=0',
      'o=- 1 1 IN IP4 0.0.0.0',
      's=Belfry simulated camera',
      't=0 0',
      'a=control:*',
      `m=video 0 RTP/AVP ${payloadType}`,
      'c=IN IP4 0.0.0.0',
      `a=rtpmap:${payloadType} H264/${clockRate}`,
      `a=fmtp:${payloadType} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${sets}`,
      'a=control:trackID=1',
      '',
    ].join('\r\n');
  }

  /** Sends frames at the pace of the profile until it is stopped; a viewer that does not read misses some. */
  function play(socket: net.Socket): () => void {
    let stopped = false;
    let cancel = () => {};
    let count = 0;
    let sequence = 0;
    viewers += 1;
    async function next(): Promise<void> {
      const pace = stream.trouble === 'slow' ? slowness : 1;
      cancel = clock.after((1000 * pace) / fps, () => void next());
      if (socket.writableNeedDrain) return;
      const since = count % keyEvery;
      const key = since === 0 && stream.trouble !== 'no-keyframe';
      const units = key
        ? [sps, pps, keyFrame(await source.frame(width, height), (count / keyEvery) % 2)]
        : [repeatFrame(width, height, since % frameNumbers)];
      if (stopped || socket.destroyed) return;
      const timestamp = Math.round((count * clockRate * pace) / fps);
      for (const packet of packets(units, { sequence, timestamp, payloadType })) {
        sequence = (sequence + 1) & 0xffff;
        const framed = Buffer.alloc(4);
        framed.writeUInt8(0x24, 0);
        framed.writeUInt16BE(packet.length, 2);
        socket.write(framed);
        socket.write(packet);
      }
      count += 1;
    }
    void next();
    return () => {
      if (stopped) return;
      stopped = true;
      viewers -= 1;
      cancel();
    };
  }

  function loginHolds({ method, headers }: Request): boolean {
    const { username, password } = source.login();
    if (username === '') return true;
    const said = Object.fromEntries(
      [...(headers.get('authorization') ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    ) as Record<string, string | undefined>;
    const md5 = (...parts: (string | undefined)[]) => createHash('md5').update(parts.join(':')).digest('hex');
    const right = md5(md5(username, realm, password), nonce, md5(method, said.uri));
    return said.username === username && said.nonce === nonce && said.response === right;
  }

  function drip(socket: net.Socket, text: string): void {
    if (socket.destroyed || text === '') return;
    socket.write(text[0]!);
    clock.after(dripMs, () => drip(socket, text.slice(1)));
  }

  function pourGarbage(socket: net.Socket): void {
    const pour = () => {
      while (!socket.destroyed && socket.write(Buffer.from(random.bytes(1 << 14))));
    };
    socket.on('drain', pour).resume();
    pour();
  }

  return stream;
}

function parse(head: string): Request {
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', url = ''] = first.split(' ');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method, url, headers: new Map(headers) };
}
