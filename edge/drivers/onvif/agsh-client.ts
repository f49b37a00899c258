import onvif from 'onvif';
import type { Clock, Randomness } from '#platform/ports.ts';
import type { Call, CameraClient, CameraInformation } from './client.ts';
import { authorize, type Login } from './digest.ts';
import { forwarderTo } from './forwarder.ts';
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
  const cam = new onvif.Cam({
    hostname: origin.hostname,
    port: Number(origin.port || 80),
    path: origin.pathname === '/' ? '/onvif/device_service' : origin.pathname,
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

  async function profileToken(): Promise<Call<string>> {
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
      if (!capabilities.ok) return capabilities;
    }
    return call(
      (done) => cam.getProfiles(done),
      (profiles) => text((profiles as { $: { token: unknown } }[])[0]!.$.token)!,
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
      const token = await profileToken();
      if (!token.ok) return token;
      return call(
        (done) => cam.getSnapshotUri({ profileToken: token.value }, done),
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
