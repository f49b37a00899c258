import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { lookAtStream, type StreamFailure } from '#edge/drivers/onvif/stream-look.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realStreams } from '#platform/real/streams.ts';
import { type CameraControl, simulateCamera } from '#sim/camera/camera.ts';
import type { StreamTrouble } from '#sim/camera/rtsp.ts';
import { have, until } from '../../platform/pty.ts';

const login = { username: 'admin', password: 'secret' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function simulated(): Promise<CameraControl> {
  const camera = await simulateCamera({ clock: realClock, random: realRandomness }, login);
  cleanups.push(() => camera.close());
  return camera;
}

const look = (port: number, more: { password?: string; hurry?: number; path?: string } = {}) => {
  const { hurry = 1 } = more;
  const clock = {
    ...realClock,
    monotonic: () => realClock.monotonic() * hurry,
    after: (ms: number, then: () => void) => realClock.after(ms / hurry, then),
  };
  return lookAtStream(
    { clock, random: realRandomness, streams: realStreams },
    {
      host: '127.0.0.1',
      at: new URL(`rtsp://127.0.0.1:${port}${more.path ?? '/main'}`),
      login: { ...login, password: more.password ?? login.password },
      watchMs: 1000 * hurry,
    },
    new AbortController().signal,
  );
};

describe('a look at a stream', () => {
  it('sees the key frame, the size and the frame rate of a camera that is well, and leaves', async () => {
    const camera = await simulated();
    const seen = await look(camera.stream.port);
    expect(seen).toMatchObject({ ok: true, codec: 'H264', size: { width: 160, height: 96 }, lostPackets: 0 });
    if (!seen.ok) return;
    expect(seen.fps).toBeGreaterThan(4);
    expect(seen.fps).toBeLessThan(20);
    expect(seen.keyFrameMs).toBeGreaterThanOrEqual(seen.firstPacketMs);
    await until('nobody is left watching', () => camera.stream.viewers === 0);
  });

  it('with a wrong password says so', async () => {
    const camera = await simulated();
    expect(await look(camera.stream.port, { password: 'wrong' })).toEqual({
      ok: false,
      why: { kind: 'denied' },
    });
  });

  it.each<[StreamTrouble, Partial<StreamFailure>]>([
    ['hang', { kind: 'silent', after: 'DESCRIBE' }],
    ['drip', { kind: 'silent', after: 'DESCRIBE' }],
    ['garbage', { kind: 'nonsense' }],
    ['not-found', { kind: 'status', status: 404 }],
    ['busy', { kind: 'status', status: 453 }],
    ['half-open', { kind: 'silent', after: 'PLAY' }],
    ['no-keyframe', { kind: 'no-keyframe' }],
  ])('of a stream in trouble (%s) ends in time, with the reason', async (trouble, why) => {
    const camera = await simulated();
    camera.stream.trouble = trouble;
    expect(await look(camera.stream.port, { hurry: 10 })).toMatchObject({ ok: false, why });
  });

  it('where nothing listens says so', async () => {
    const camera = await simulated();
    const { port } = camera.stream;
    await camera.stream.offline();
    expect(await look(port)).toMatchObject({ ok: false, why: { kind: 'no-connection' } });
    await camera.stream.online();
  });

  it('at packets without end stops at its limit of bytes', async () => {
    const flood = createServer((socket) => {
      const packet = Buffer.concat([Buffer.from([0x24, 0, 0xff, 0xff]), Buffer.alloc(0xffff)]);
      const pour = () => {
        while (!socket.destroyed && socket.write(packet));
      };
      socket.on('drain', pour).on('error', () => {});
      pour();
    });
    await new Promise<void>((done) => flood.listen(0, '127.0.0.1', done));
    cleanups.push(() => flood.close());
    const seen = await look((flood.address() as AddressInfo).port);
    expect(seen).toEqual({ ok: false, why: { kind: 'closed', detail: 'more than 25165824 bytes' } });
  });
});

const gst = '/usr/bin/python3';
const haveGst = (() => {
  try {
    execFileSync(gst, ['-c', "import gi; gi.require_version('GstRtspServer','1.0')"], { stdio: 'ignore' });
    return true;
  } catch {
    const packages =
      'gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly';
    if (process.env.CI) throw new Error(`apt-get install ${packages}`);
    console.warn(`skipped: apt-get install ${packages}`);
    return false;
  }
})();

const gstServer = `
import gi
gi.require_version('Gst','1.0'); gi.require_version('GstRtspServer','1.0'); gi.require_version('GstRtsp','1.0')
from gi.repository import Gst, GstRtsp, GstRtspServer, GLib
Gst.init(None); s=GstRtspServer.RTSPServer(); s.set_address('127.0.0.1'); s.set_service('0')
f=GstRtspServer.RTSPMediaFactory(); f.set_shared(True)
f.set_launch('( videotestsrc is-live=true ! video/x-raw,width=638,height=358,framerate=10/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 config-interval=1 )')
a=GstRtspServer.RTSPAuth(); t=GstRtspServer.RTSPToken()
t.set_string('media.factory.role','user')
a.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
a.add_digest('admin','secret',t)
s.set_auth(a)
p=GstRtspServer.RTSPPermissions()
p.add_permission_for_role('user','media.factory.access',True)
p.add_permission_for_role('user','media.factory.construct',True)
f.set_permissions(p)
s.get_mount_points().add_factory('/main',f); s.attach(None)
print(s.get_bound_port(), flush=True)
GLib.MainLoop().run()
`;

describe.skipIf(!haveGst)('a real RTSP server (GStreamer)', () => {
  it('is seen as it is, with its login', async () => {
    const server = spawn(gst, ['-c', gstServer], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanups.push(() => server.kill('SIGKILL'));
    const port = await new Promise<number>((resolve) =>
      server.stdout.once('data', (text) => resolve(Number(text))),
    );
    const seen = await look(port);
    expect(seen).toMatchObject({ ok: true, codec: 'H264', size: { width: 638, height: 358 } });
    expect(seen.ok && seen.fps).toBeGreaterThan(4);
    expect(await look(port, { password: 'wrong' })).toEqual({ ok: false, why: { kind: 'denied' } });
    expect(await look(port, { path: '/other' })).toMatchObject({
      ok: false,
      why: { kind: 'status', status: 404 },
    });
  });
});

describe.skipIf(!have('ffprobe'))('ffprobe and ffmpeg', () => {
  it('decode the stream of the simulated camera without a complaint', async () => {
    const camera = await simulated();
    const url = `rtsp://${login.username}:${login.password}@127.0.0.1:${camera.stream.port}/main`;
    const ffmpeg = spawn('ffmpeg', [
      '-v',
      'warning',
      '-rtsp_transport',
      'tcp',
      '-i',
      url,
      '-frames:v',
      '15',
      '-f',
      'null',
      '-',
    ]);
    cleanups.push(() => ffmpeg.kill('SIGKILL'));
    let said = '';
    ffmpeg.stderr.on('data', (text) => (said += text));
    const code = await new Promise((done) => ffmpeg.once('exit', done));
    expect(said).not.toMatch(/error|corrupt|invalid|conceal/i);
    expect(code).toBe(0);
    const probe = spawn('ffprobe', [
      '-v',
      'error',
      '-rtsp_transport',
      'tcp',
      '-show_entries',
      'stream=codec_name,profile,width,height',
      '-of',
      'csv=p=0',
      url,
    ]);
    cleanups.push(() => probe.kill('SIGKILL'));
    let shown = '';
    probe.stdout.on('data', (text) => (shown += text));
    await new Promise((done) => probe.once('close', done));
    expect(shown.trim()).toBe('h264,Constrained Baseline,160,96');
  });
});
