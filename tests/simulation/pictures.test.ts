import { expect, it } from 'vitest';
import { startSender } from '#edge/pictures/sender.ts';
import { Spool } from '#edge/pictures/spool.ts';
import { contentDigest, pictureKind, sameSignature } from '#protocols/pictures.ts';
import { World } from '#platform/simulated/world.ts';

const host = 'cloud.example';
const day = 3_600_000;

/** An hour of a bad day: pictures come in, the edge dies, the way is cut, answers are lost, alarms pass. */
async function badHour(seed: number) {
  const world = new World(seed, { tracing: false });
  const gateway = world.machine('gateway');
  const { random } = world;
  /** What the spool said that it holds, by path, and what the cloud has. */
  const promised = new Map<string, string>();
  const arrived = new Map<string, string>();
  const faults: string[] = [];
  let deaths = 0;
  let alarm = false;
  let stop = () => {};
  world.http.lostAnswers = 0.2;
  world.http.serve(host, ({ url, headers, body }) => {
    const path = url.slice(`http://${host}`.length);
    const digest = contentDigest(body as Uint8Array);
    if (!sameSignature(headers!['content-digest']!, digest)) faults.push(`${path} is not what was signed`);
    const known = arrived.get(path);
    if (known !== undefined && known !== digest) faults.push(`${path} came with other bytes`);
    if (random.chance(0.1)) return { status: 503 };
    arrived.set(path, digest);
    return { status: known === undefined ? 201 : 200 };
  });

  async function live(): Promise<void> {
    const ports = gateway.boot({ http: true });
    const spool = new Spool(ports, { bytes: 1e6, keptMs: 30 * 86_400_000 }, () => {});
    const http = {
      request: (request: Parameters<NonNullable<typeof ports.http>['request']>[0]) => {
        if (alarm) faults.push('a picture was sent while an alarm was on its way');
        return ports.http!.request(request);
      },
    };
    const sender = startSender({
      ...ports,
      http,
      url: `http://${host}`,
      spool,
      alarmOnItsWay: () => alarm,
      onStuck() {},
    });
    stop = () => sender.close();
    await spool.start();
    sender.wake();
    let n = 0;
    const life = (deaths += 1);
    const take = () => {
      if (world.now > day / 2) return;
      const kind = pictureKind.options[Math.floor(random.between(0, 3))]!;
      const path = `/api/v1/pictures/gate/cam/${kind}/${life}/${(n += 1)}`;
      const jpeg = random.bytes(40);
      void spool.add({ path, kind, ticket: 'ab', takenAt: Math.round(world.wall), jpeg }).then(() => {
        promised.set(path, contentDigest(jpeg));
        sender.wake();
      });
      ports.clock.after(random.between(100, 20_000), take);
    };
    take();
  }

  function trouble(): void {
    if (world.now > day / 2) {
      world.network.blackholes.clear();
      world.network.refusing.clear();
      world.http.lostAnswers = 0;
      alarm = false;
      return;
    }
    const what = random.between(0, 5);
    if (what < 1) {
      stop();
      gateway.crash();
      void live();
    } else if (what < 2) world.network.blackholes.add(host);
    else if (what < 3) world.network.refusing.add(host);
    else if (what < 4) alarm = true;
    else {
      alarm = false;
      world.network.blackholes.clear();
      world.network.refusing.clear();
    }
    world.after(random.between(500, 60_000), trouble);
  }

  world.after(1000, trouble);
  void live();
  await world.run({ until: day });
  const left = gateway.disk.look('pictures', 'SELECT path FROM pictures');
  world.close();
  return { promised, arrived, faults, left, deaths };
}

it('every picture that the disk has taken reaches the cloud as it was, through crashes, cuts and lost answers, and none while an alarm passes', async () => {
  let deaths = 0;
  for (let seed = 1; seed <= 25; seed += 1) {
    const told = await badHour(seed);
    deaths += told.deaths;
    const missing = [...told.promised].filter(([path, digest]) => told.arrived.get(path) !== digest);
    expect({ seed, missing, faults: told.faults, left: told.left }).toEqual({
      seed,
      missing: [],
      faults: [],
      left: [],
    });
    expect(told.promised.size).toBeGreaterThan(20);
  }
  expect(deaths).toBeGreaterThan(50);
}, 120_000);
