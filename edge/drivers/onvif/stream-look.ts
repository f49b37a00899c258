import type { Clock, Randomness, StreamPort } from '#platform/ports.ts';
import { RtspDecoder, type RtspItem } from '#protocols/rtsp/decoder.ts';
import { describedVideo } from '#protocols/rtsp/sdp.ts';
import type { PictureSize } from '#protocols/rtsp/sps.ts';
import { VideoTrack } from '#protocols/rtsp/video.ts';
import { authorize, type Login } from './digest.ts';

/** What a look at a stream came to. */
export type StreamLook =
  | {
      ok: true;
      /** Time from the beginning of the connection to the first packet and to the first whole key frame, ms. */
      firstPacketMs: number;
      keyFrameMs: number;
      codec: 'H264' | 'H265';
      size: PictureSize | null;
      /** Frames a second, over the time that was watched after the key frame; null: there were too few to say. */
      fps: number | null;
      kbps: number;
      lostPackets: number;
    }
  | { ok: false; why: StreamFailure };

export type StreamFailure =
  | { kind: 'no-connection'; detail: string }
  | { kind: 'denied' }
  | { kind: 'status'; status: number; reason: string }
  | { kind: 'no-video' }
  | { kind: 'silent'; after: string }
  | { kind: 'nonsense' }
  | { kind: 'no-keyframe'; packets: number }
  | { kind: 'closed'; detail: string };

const limits = {
  /** Time for a connection and each answer, and from PLAY to the key frame, ms. */
  answerMs: 5000,
  keyFrameMs: 10_000,
  /** All that a look may take, ms and bytes. */
  wholeMs: 20_000,
  bytes: 24 << 20,
  /** Bytes that are no RTSP: above this whatever is there is no camera. */
  nonsense: 65_536,
};
const rtspPort = 554;

class Failed extends Error {
  readonly why: StreamFailure;
  constructor(why: StreamFailure) {
    super(why.kind);
    this.why = why;
  }
}

type Answer = Extract<RtspItem, { kind: 'answer' }>;

/**
 * Plays a camera's stream over TCP (RFC 2326, 10.12) for as long as it takes to see a whole key frame and then
 * `watchMs` more. `at` names path and port; the host is the one that we were configured with. Nothing is decoded
 * nor kept. Never rejects; ends by itself within 20 s and 24 MiB.
 */
export async function lookAtStream(
  ports: { clock: Clock; random: Randomness; streams: StreamPort },
  { host, at, login, watchMs }: { host: string; at: URL; login: Login; watchMs: number },
  stop: AbortSignal,
): Promise<StreamLook> {
  const { clock } = ports;
  const begun = clock.monotonic();
  const port = Number(at.port || rtspPort);
  const connection = await connect(ports, { host, port }, stop);
  if (connection.why) return { ok: false, why: connection.why };
  const { next, send, close } = connection;
  const url = `rtsp://${host.includes(':') ? `[${host}]` : host}:${port}${at.pathname}${at.search}`;
  let sequence = 0;
  let challenge: string[] | null = null;

  async function ask(method: string, target: string, headers: Record<string, string> = {}): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const cnonce = Buffer.from(ports.random.bytes(8)).toString('hex');
      const authorization = challenge && authorize(challenge, login, { method, path: target }, cnonce);
      sequence += 1;
      send(method, target, {
        CSeq: String(sequence),
        ...(authorization ? { Authorization: authorization } : {}),
        ...headers,
      });
      const deadline = clock.monotonic() + limits.answerMs;
      let answer: RtspItem;
      do answer = await next(deadline, method);
      while (answer.kind !== 'answer');
      if (answer.status === 401 && attempt === 1 && login.username !== '') {
        challenge = answer.rawHeaders;
        continue;
      }
      if (answer.status === 401 || answer.status === 403) throw new Failed({ kind: 'denied' });
      if (answer.status !== 200) {
        throw new Failed({ kind: 'status', status: answer.status, reason: answer.reason.slice(0, 60) });
      }
      return answer;
    }
  }

  try {
    const described = await ask('DESCRIBE', url, { Accept: 'application/sdp' });
    const video = describedVideo(Buffer.from(described.body).toString('latin1'));
    if (!video) throw new Failed({ kind: 'no-video' });
    const base = ourBase(
      url,
      described.headers.get('content-base') ?? described.headers.get('content-location'),
    );
    const setup = await ask('SETUP', control(base, url, video.control), {
      Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
    });
    const session = (setup.headers.get('session') ?? '').split(';')[0]!;
    const channel = Number(/interleaved=(\d)/.exec(setup.headers.get('transport') ?? '')?.[1] ?? 0);
    const aggregate = control(base, url, video.aggregate);
    await ask('PLAY', aggregate, { Session: session, Range: 'npt=0.000-' });

    const track = new VideoTrack(video.codec, video.parameterSets);
    const deadline = clock.monotonic() + limits.keyFrameMs;
    let firstPacketAt: number | null = null;
    let keyFrameAt: number | null = null;
    let packets = 0;
    while (keyFrameAt === null) {
      const item = await next(deadline, 'PLAY').catch((error: unknown) => {
        if (error instanceof Failed && error.why.kind === 'silent' && packets > 0) {
          throw new Failed({ kind: 'no-keyframe', packets });
        }
        throw error;
      });
      if (item.kind !== 'packet' || item.channel !== channel) continue;
      packets += 1;
      firstPacketAt ??= clock.monotonic();
      if (track.take(item.payload).keyFrame) keyFrameAt = clock.monotonic();
    }
    const watched = await watch(track, channel, keyFrameAt + watchMs);
    send('TEARDOWN', aggregate, { CSeq: String(sequence + 1), Session: session });
    return {
      ok: true,
      firstPacketMs: firstPacketAt! - begun,
      keyFrameMs: keyFrameAt - begun,
      codec: video.codec,
      size: track.size,
      lostPackets: track.lost,
      ...watched,
    };
  } catch (error) {
    if (error instanceof Failed) return { ok: false, why: error.why };
    throw error;
  } finally {
    close();
  }

  /** Counts frames until the time is over; a stream that ends meanwhile has shown what it had. */
  async function watch(track: VideoTrack, channel: number, until: number) {
    const from = clock.monotonic();
    const arrivals: number[] = [];
    let bytes = 0;
    for (;;) {
      const item = await next(until, 'PLAY').catch(() => null);
      if (item === null) break;
      if (item.kind !== 'packet' || item.channel !== channel) continue;
      bytes += item.payload.length;
      if (track.take(item.payload).newFrame) arrivals.push(clock.monotonic());
    }
    const span = arrivals.length >= 3 ? arrivals.at(-1)! - arrivals[0]! : 0;
    const elapsed = Math.max(1, clock.monotonic() - from);
    return {
      fps: span > 0 ? ((arrivals.length - 1) * 1000) / span : null,
      kbps: (bytes * 8) / elapsed,
    };
  }
}

/** A connection whose items can be waited for one by one, cut off by size and time. */
async function connect(
  { clock, streams }: { clock: Clock; streams: StreamPort },
  at: { host: string; port: number },
  stop: AbortSignal,
) {
  const decoder = new RtspDecoder();
  const items: RtspItem[] = [];
  let bytes = 0;
  let ended: StreamFailure | null = null;
  let wake = () => {};
  const end = (why: StreamFailure) => {
    ended ??= why;
    wake();
  };
  const wholeUntil = clock.monotonic() + limits.wholeMs;
  let stream;
  try {
    stream = await streams.open(
      { kind: 'tcp', ...at },
      {
        onData(chunk) {
          if (ended) return;
          bytes += chunk.length;
          items.push(...decoder.push(chunk));
          if (decoder.thrownAway > limits.nonsense) end({ kind: 'nonsense' });
          else if (bytes > limits.bytes) end({ kind: 'closed', detail: `more than ${limits.bytes} bytes` });
          else if (items.length > 0) wake();
        },
        onClose: (detail) => end({ kind: 'closed', detail }),
      },
      limits.answerMs,
    );
  } catch (error) {
    const why: StreamFailure = { kind: 'no-connection', detail: (error as Error).message };
    return { why };
  }
  const opened = stream;
  const stopped = () => end({ kind: 'closed', detail: 'stopped' });
  stop.addEventListener('abort', stopped);
  if (stop.aborted) stopped();

  return {
    why: null,
    send(method: string, target: string, headers: Record<string, string>): void {
      const lines = Object.entries({ ...headers, 'User-Agent': 'Belfry' }).map(([k, v]) => `${k}: ${v}`);
      opened.write(Buffer.from([`${method} ${target} RTSP/1.0`, ...lines, '', ''].join('\r\n')));
    },
    /** The next item. Rejects with `Failed` when none comes until then, or the connection ends. */
    async next(until: number, after: string): Promise<RtspItem> {
      const deadline = Math.min(until, wholeUntil);
      while (items.length === 0) {
        if (ended) throw new Failed(ended);
        const left = deadline - clock.monotonic();
        if (left <= 0) throw new Failed({ kind: 'silent', after });
        await new Promise<void>((resolve) => {
          const cancel = clock.after(left, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
      // Who floods us is not waited for beyond the time.
      if (clock.monotonic() > deadline) throw new Failed({ kind: 'silent', after });
      return items.shift()!;
    },
    close(): void {
      stop.removeEventListener('abort', stopped);
      end({ kind: 'closed', detail: 'closed by us' });
      opened.close();
    },
  };
}

/** The base of relative controls: what the server names, on the host that we know. */
function ourBase(url: string, named: string | undefined): string {
  if (named === undefined || !URL.canParse(named)) return url;
  const { pathname, search } = new URL(named);
  return new URL(`${pathname}${search}`, url).href;
}

/** RFC 2326, C.1.1: `*` or nothing is the whole presentation; a relative one is appended, as cameras mean it. */
function control(base: string, url: string, said: string | null): string {
  if (said === null || said === '*') return base;
  if (/^rtsps?:\/\//i.test(said)) return URL.canParse(said) ? ourBase(url, said) : base;
  return said.startsWith('/') ? new URL(said, url).href : `${base.replace(/\/$/, '')}/${said}`;
}
