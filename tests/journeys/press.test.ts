import { afterEach, describe, expect, it } from 'vitest';
import { eventually, identityAt110, missing, openCampus, type Campus, type CampusOptions } from './campus.ts';

let campus: Campus;

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') console.error(campus?.output());
  await campus?.close();
});

async function whole(options: CampusOptions): Promise<Campus> {
  campus = await openCampus(options);
  if (options.broker === 'mosquitto') await campus.start('broker');
  await campus.start('cloud');
  await campus.start('edge');
  await campus.ready();
  return campus;
}

/** The press is at 110, as one; the lamp knows; the cloud knows. */
async function arrivedOnce(button: string, origin: Parameters<Campus['alarm']>[0]) {
  await eventually('the lamp to say delivered', async () => (await campus.lamp(button)) === 'delivered');
  const alarm = await eventually('the cloud to hold the receipt and the lamp', async () => {
    const alarm = await campus.alarm(origin);
    return alarm?.state === 'delivered' && alarm.lamp === 'delivered' ? alarm : undefined;
  });
  const frames = await campus.frames();
  expect(new Set(frames.map(identityAt110)).size).toBe(1);
  expect(frames[0]).toMatchObject({ account: '1234', sequence: alarm.sequence });
  return { alarm, frames };
}

const brokers: [CampusOptions['broker'], string | false][] = [
  ['mosquitto', missing('mosquitto', 'apt-get install mosquitto')],
  ['embedded', false],
];

describe.each(brokers)('a press over a tty, %s as the broker', (broker, why) => {
  it.skipIf(why)('reaches 110 and lights the lamp, and every stage is known', async () => {
    await whole({ broker, direct: true });
    const origin = await campus.press('button-1');
    const { alarm, frames } = await arrivedOnce('button-1', origin);
    expect(frames).toHaveLength(1);
    expect(frames[0]!.data).toBe('#1234|1120 00 001');
    const stages = alarm.stages.map((stage) => stage.name);
    expect(stages).toEqual([
      'first_byte',
      'decoded',
      'stored_edge',
      'published',
      'ingested',
      'committed',
      'dispatched',
      'delivered',
      'lamp',
    ]);
    expect(alarm.total_ms).toBeGreaterThan(0);
    expect(alarm).toMatchObject({ mode: 'real', late: false, crossed_restart: false });
  });

  it.skipIf(why)('arrives once although the cloud is killed and restarted in between', async () => {
    await whole({ broker, direct: false });
    await campus.centre({ mode: 'silent', frames: 'alarms' });
    const origin = await campus.press('button-1');
    await eventually('the cloud to have stored it', () => campus.alarm(origin));
    await campus.kill('cloud');
    await campus.centre({ mode: 'acknowledge' });
    await campus.start('cloud');
    await arrivedOnce('button-1', origin);
  });

  it.skipIf(why)('arrives once although the edge is killed and restarted in between', async () => {
    await whole({ broker, direct: true });
    await campus.centre({ mode: 'silent', frames: 'alarms' });
    const origin = await campus.press('button-1');
    await eventually('the press to be host-acked', async () => (await campus.lamp('button-1')) !== null);
    await campus.kill('edge');
    await campus.centre({ mode: 'acknowledge' });
    await campus.start('edge');
    const { alarm } = await arrivedOnce('button-1', origin);
    expect(alarm.crossed_restart).toBe(true);
  });
});

describe('a press over a tty while the cloud is dead', () => {
  it('reaches 110 by the direct path, and the cloud learns of it when it is back', async () => {
    await whole({ broker: 'embedded', direct: true });
    await campus.kill('cloud');
    const origin = await campus.press('button-1');
    await eventually(
      'the lamp to say delivered',
      async () => (await campus.lamp('button-1')) === 'delivered',
    );
    await campus.start('cloud');
    const { alarm, frames } = await arrivedOnce('button-1', origin);
    expect(frames).toHaveLength(1);
    expect(alarm.centres).toMatchObject([{ centre: 'city-110', path: 'direct', primary: true }]);
  });

  it('waits in the outbox of an edge that is killed too, and reaches 110 when it is back', async () => {
    await whole({ broker: 'embedded', direct: true });
    await campus.kill('cloud');
    await campus.centre({ mode: 'silent' });
    const origin = await campus.press('button-1');
    await eventually('the press to be host-acked', async () => (await campus.lamp('button-1')) !== null);
    await campus.kill('edge');
    await campus.centre({ mode: 'acknowledge' });
    await campus.start('edge');
    await eventually(
      'the lamp to say delivered',
      async () => (await campus.lamp('button-1')) === 'delivered',
    );
    await campus.start('cloud');
    await arrivedOnce('button-1', origin);
  });
});

describe('a tty that vanishes', () => {
  it('costs its own button alone, and is opened again when it is back', async () => {
    await whole({ broker: 'embedded', direct: true });
    await campus.control('/buttons/button-1/wire', { plugged: false });
    const neighbour = await campus.press('button-2');
    await arrivedOnce('button-2', neighbour);
    const unheard = await campus.press('button-1');
    await campus.control('/buttons/button-1/wire', { plugged: true });
    await eventually(
      'the press to arrive after all',
      async () => (await campus.alarm(unheard))?.lamp === 'delivered',
    );
  });

  it('a megabyte of noise before a press costs nothing but the noise', async () => {
    await whole({ broker: 'embedded', direct: true });
    await campus.control('/buttons/button-1/misbehave', { noiseBytes: 1_000_000 });
    const origin = await campus.press('button-1');
    await campus.control('/buttons/button-1/misbehave', { noiseBytes: 0 });
    await arrivedOnce('button-1', origin);
  });
});
