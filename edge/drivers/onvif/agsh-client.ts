import onvif from 'onvif';
import type { Clock, Randomness } from '#platform/ports.ts';
import type { Call, CameraClient, CameraInformation } from './client.ts';
import { authorize, type Login } from './digest.ts';
import { forwarderTo } from './forwarder.ts';
import type { CameraNotice } from './notices.ts';
import { type Bounds, exchange, type HttpAnswer, type HttpRequest } from './http.ts';

const soapBytes = 1 << 20;
const pictureBytes = 8 << 20;

/**
 * A camera through `onvif` (agsh) for SOAP, WS-UsernameToken and HTTP digest, made anew for each poll: what it
 * learns of a camera (clock, services) it keeps for ever, and a camera that restarts has others. Its requests
 * pass our forwarder, and pictures are fetched without it.
 */
export function agshClient(
  origin: URL,
  login: Login,
  ports: { clock: Clock; random: Randomness },
  deadline: AbortSignal,
): CameraClient {
  const { agent, seen } = forwarderTo(origin, { deadline, bodyBytes: soapBytes });
  const devicePath = origin.pathname === '/' ? '/onvif/device_service' : origin.pathname;
  const cam = new onvif.Cam({
    hostname: origin.hostname,
    port: Number(origin.port || 80),
    path: devicePath,
    username: login.username,
    password: login.password,
    autoconnect: false,
    preserveAddress: true,
    agent,
  });
  cam.on('error', () => {});

  /** One call of the library, whose callback may come twice, late or never. */
  function call<T>(
    begin: (done: (error: Error | null, value?: unknown) => void) => void,
    read: (value: unknown) => T,
  ) {
    return new Promise<Call<T>>((resolve) => {
      const fail = (why: string) => resolve({ ok: false, why: seen.failure ?? why, denied: seen.denied });
      if (deadline.aborted) return fail('it took too long');
      deadline.addEventListener('abort', () => fail('it took too long'), { once: true });
      begin((error, value) => {
        if (error) return fail(error.message);
        try {
          resolve({ ok: true, value: read(value) });
        } catch {
          fail('the answer lacks what ONVIF asks for');
        }
      });
    });
  }

  /**
   * A call that the library does not have, sends elsewhere (SystemReboot), or makes past its agent (a pull point's).
   * Its signing and its parser are used all the same. `at`: `device`, a service of `getServices`, or a path.
   */
  function ask<T>(at: string, body: string, read: (answer: Answer) => T, header = ''): Promise<Call<T>> {
    const raw = cam as unknown as RawRequests;
    return call(
      (done) =>
        raw['_request'](
          {
            service: at === 'device' ? devicePath : at,
            body: `${raw['_envelopeHeader'](true)}${header}</s:Header><s:Body>${body}${raw['_envelopeFooter']()}`,
          },
          done,
        ),
      (value) => read((value as Answer[])[0]!),
    );
  }

  async function services(): Promise<Call<boolean>> {
    const services = await call(
      (done) => cam.getServices(true, done),
      () => true,
    );
    if (!services.ok) {
      // Cameras of the first years know only GetCapabilities.
      const capabilities = await call(
        (done) => cam.getCapabilities(done),
        () => true,
      );
      return capabilities;
    }
    return services;
  }

  async function profile(): Promise<Call<Profile>> {
    const known = await services();
    if (!known.ok) return known;
    return call(
      (done) => cam.getProfiles(done),
      (profiles) => {
        const first = (profiles as Profile[])[0]!;
        return { ...first, token: text(first.$.token)! };
      },
    );
  }

  return {
    clock() {
      const before = ports.clock.wall();
      return call(
        (done) => cam.getSystemDateAndTime(done),
        (date) => {
          const camera = (date as Date).getTime();
          if (!Number.isFinite(camera)) throw new Error('no date');
          // Cameras tell whole seconds: half a second is added so that the error is even on both sides.
          return { camera: camera + 500, ours: (before + ports.clock.wall()) / 2 };
        },
      );
    },
    information: () =>
      call(
        (done) => cam.getDeviceInformation(done),
        (value): CameraInformation => {
          const said = value as Record<string, unknown>;
          return {
            manufacturer: text(said.manufacturer),
            model: text(said.model),
            firmware: text(said.firmwareVersion),
            serial: text(said.serialNumber),
          };
        },
      ),
    async snapshotPath() {
      const first = await profile();
      if (!first.ok) return first;
      return call(
        (done) => cam.getSnapshotUri({ profileToken: first.value.token }, done),
        (answer) => ours(origin, String((answer as { uri: unknown }).uri)),
      );
    },
    async snapshot(at) {
      const begun = ports.clock.monotonic();
      try {
        const answer = await fetchWithLogin(at, login, ports.random, { deadline, bodyBytes: pictureBytes });
        if (answer.status !== 200) {
          return { ok: false, why: `HTTP ${answer.status}`, denied: answer.status === 401 };
        }
        return { ok: true, value: { bytes: answer.body, tookMs: ports.clock.monotonic() - begun } };
      } catch (error) {
        return { ok: false, why: (error as Error).message, denied: false };
      }
    },
    async stream() {
      const first = await profile();
      if (!first.ok) return first;
      const { token, videoEncoderConfiguration: encoder } = first.value;
      return call(
        (done) => cam.getStreamUri({ protocol: 'RTSP', profileToken: token }, done),
        (answer) => ({
          at: rtspUrl(String((answer as { uri: unknown }).uri)),
          width: count(encoder?.resolution?.width),
          height: count(encoder?.resolution?.height),
          fps: count(encoder?.rateControl?.frameRateLimit),
        }),
      );
    },
    async recordedSince() {
      const known = await services();
      if (!known.ok) return known;
      if (!(cam.uri as Record<string, unknown> | undefined)?.search) return { ok: true, value: null };
      return ask(
        'search',
        '<GetRecordingSummary xmlns="http://www.onvif.org/ver10/search/wsdl"/>',
        ({ getRecordingSummaryResponse }) => {
          const summary = getRecordingSummaryResponse![0]!.summary![0]!;
          if (textIn(summary.numberRecordings) === '0') return null;
          const since = Date.parse(textIn(summary.dataFrom));
          if (!Number.isFinite(since)) throw new Error('no date');
          return since;
        },
      );
    },
    async subscribe() {
      const known = await services();
      if (!known.ok) return known;
      return ask(
        'events',
        '<CreatePullPointSubscription xmlns="http://www.onvif.org/ver10/events/wsdl"><InitialTerminationTime>PT2M</InitialTerminationTime></CreatePullPointSubscription>',
        ({ createPullPointSubscriptionResponse }) => {
          const reference = createPullPointSubscriptionResponse![0]!.subscriptionReference![0]!;
          const at = new URL(textIn(reference.address), origin);
          return at.pathname + at.search;
        },
      );
    },
    async pull(path, waitS) {
      // Each pull must stand before the lease of two minutes ends; where a camera does not lengthen it by that, the
      // next pull is refused and a new pull point made.
      return ask(
        path,
        `<PullMessages xmlns="http://www.onvif.org/ver10/events/wsdl"><Timeout>PT${waitS}S</Timeout><MessageLimit>50</MessageLimit></PullMessages>`,
        ({ pullMessagesResponse }) =>
          (pullMessagesResponse![0]!.notificationMessage ?? []).slice(0, 100).flatMap(noticeOf),
        `<a:Action s:mustUnderstand="1">http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest</a:Action><a:To s:mustUnderstand="1">${escaped(new URL(path, origin).href)}</a:To>`,
      );
    },
    reboot: () =>
      ask('device', '<SystemReboot xmlns="http://www.onvif.org/ver10/device/wsdl"/>', (answer) => {
        if (!answer.systemRebootResponse) throw new Error('no answer');
        return true as const;
      }),
    reach: () => (seen.answered ? 'http' : seen.reached ? 'tcp' : 'nothing'),
  };
}

/**
 * The picture's address on the camera that we were configured with: another host (a NAT, or a lie) is replaced
 * by ours with our port; another port of our own host is kept, since many cameras serve pictures on 80.
 */
function ours(origin: URL, uri: string): URL {
  const said = new URL(uri);
  const here = new URL(origin);
  if (said.hostname === origin.hostname && said.protocol === origin.protocol) here.port = said.port;
  here.pathname = said.pathname;
  here.search = said.search;
  return here;
}

async function fetchWithLogin(
  at: URL,
  login: Login,
  random: Randomness,
  bounds: Bounds,
): Promise<HttpAnswer> {
  const request: HttpRequest = { method: 'GET', path: at.pathname + at.search, headers: {} };
  const first = await exchange(at, request, bounds);
  if (first.status !== 401 || login.username === '') return first;
  const cnonce = Buffer.from(random.bytes(8)).toString('hex');
  const authorization = authorize(first.rawHeaders, login, request, cnonce);
  if (!authorization) return first;
  return exchange(at, { ...request, headers: { authorization } }, bounds);
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const trimmed = String(value).trim().slice(0, 120);
  return trimmed === '' ? undefined : trimmed;
}

/** What the library has for itself; the names are its own. */
interface RawRequests {
  _request(
    options: { service: string; body: string },
    done: (error: Error | null, value?: unknown) => void,
  ): void;
  _envelopeHeader(open: boolean): string;
  _envelopeFooter(): string;
}

/** As xml2js gives it: every element a list, text as a string or, beside attributes, as `_`. */
type Node = string | ({ [element: string]: Node[] | undefined } & { _?: string; $?: Record<string, string> });
interface Answer {
  [element: string]: Record<string, Record<string, Node[]>[]>[] | undefined;
}

interface Profile {
  $: { token: unknown };
  token: string;
  videoEncoderConfiguration?: {
    resolution?: { width?: unknown; height?: unknown };
    rateControl?: { frameRateLimit?: unknown };
  };
}

function noticeOf(message: unknown): CameraNotice[] {
  try {
    const { topic, message: outer } = message as {
      topic: Node[];
      message: { message: Record<string, { simpleItem?: { $: Record<string, string> }[] }[]>[] }[];
    };
    const inner = outer[0]!.message[0]!;
    const items = (of: 'source' | 'data') => inner[of]?.[0]?.simpleItem ?? [];
    return [
      {
        topic: textIn(topic).slice(0, 200),
        source: items('source')
          .map(({ $ }) => $.Value)
          .join(' ')
          .slice(0, 60),
        state: String(items('data')[0]?.$.Value ?? '').slice(0, 60),
      },
    ];
  } catch {
    // One that says nothing which we could read; those beside it are read.
    return [];
  }
}

function textIn(nodes: readonly unknown[] | undefined): string {
  const [first] = nodes ?? [];
  return (typeof first === 'string' ? first : String((first as { _?: unknown } | undefined)?._ ?? '')).trim();
}

function count(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}

function rtspUrl(uri: string): URL {
  const at = new URL(uri);
  if (at.protocol !== 'rtsp:') throw new Error('not RTSP');
  return at;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
