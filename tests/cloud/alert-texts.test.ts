import { beforeEach, describe, expect, test } from 'vitest';
import { deliveredAfterAll, endedBy, late, undelivered } from '#cloud/dispatch/alarm-alerts.ts';
import { namesOf } from '#cloud/names.ts';
import { durationWords } from '#cloud/alerts/wording.ts';
import type { AlertCode } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { CloudWorld, directReport, press } from './cloud-world.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld([
    {
      id: 'school',
      name: { zh: '实验小学', en: 'First School' },
      gateways: [
        {
          id: 'gate',
          devices: [{ id: 'button-1', kind: 'button', name: { zh: '北门值班室', en: 'North gate' } }],
        },
      ],
    },
  ]);
  await world.start();
});

/** What people are told under this code. */
function told(code: AlertCode): Bilingual[] {
  return world
    .rows<{ text: string }>('SELECT text FROM alerts WHERE code = ? ORDER BY id', code)
    .map(({ text }) => JSON.parse(text) as Bilingual);
}

describe('people are told places by their names, and faults in their own language', () => {
  test('110 cannot be reached', async () => {
    world.first.does = world.second.does = 'unreachable';
    await world.says(press(world, 1));
    expect(told('alarm-undelivered')).toEqual([
      {
        zh: '实验小学 · 北门值班室 的真实报警尚未得到市公安局 110 接警中心的确认（无法连接），仍在继续发送。请立即用电话报警。',
        en: 'First School · North gate: the real alarm has not been acknowledged by City police 110 centre (cannot be reached: unreachable); sending goes on. Call them by telephone now.',
      },
    ]);
  });

  test('110 says nothing', async () => {
    world.crash();
    world.more = { latency: { bound_ms: 10_000 } };
    await world.start();
    world.first.does = 'nothing';
    await world.says(press(world, 1));
    await world.clock.pass(10_000);
    expect(told('alarm-undelivered')[0]!.zh).toContain('的确认，仍在继续发送');
  });

  test('nobody is sent to the telephone over a drill', async () => {
    world.first.does = world.second.does = 'unreachable';
    await world.drill(['button-1']);
    await world.says(press(world, 1, { facts: { mode: 'drill' } }));
    const [text] = told('alarm-undelivered');
    expect(text!.zh).toContain('的演练报警');
    expect(text!.zh).toContain('这不是真实报警');
    expect(text!.zh).not.toContain('电话');
    expect(text!.en).toContain('the drill alarm');
    expect(text!.en).not.toContain('telephone');
  });

  test('110 got it late', async () => {
    world.first.does = world.second.does = 'unreachable';
    await world.says(press(world, 1));
    await world.clock.pass(301_000);
    world.first.does = 'receipt';
    await world.clock.pass(20_000);
    expect(told('alarm-late')).toEqual([
      {
        zh: '实验小学 · 北门值班室 的真实报警在发生五分钟之后才送达接警中心。请核实现场情况。',
        en: 'First School · North gate: the real alarm reached the centre more than five minutes after it was raised. Check what is happening there.',
      },
    ]);
  });

  test('110 got it late by the direct path, after a restart of the cloud', async () => {
    world.first.does = 'nothing';
    const alarm = press(world, 1);
    await world.says(alarm);
    world.crash();
    await world.start();
    await world.says(directReport(alarm, { stages: { first_byte: 0, delivered: 400_000 } }));
    expect(told('alarm-late')[0]!.zh).toMatch(/^实验小学 · 北门值班室 的真实报警/);
  });

  test('110 refuses', async () => {
    world.first.does = 'refused';
    await world.says(press(world, 1));
    expect(told('centre-refused')).toEqual([
      {
        zh: '市公安局 110 接警中心（通道 first）拒收报警。',
        en: 'City police 110 centre, door first, refuses alarms (refused).',
      },
    ]);
  });

  test('110 is silent', async () => {
    world.first.state = { state: 'silent', since: 0, reason: 'unreachable: ECONNREFUSED' };
    await world.clock.pass(1_000);
    expect(told('centre-silent')).toEqual([
      {
        zh: '市公安局 110 接警中心（通道 first）没有应答：无法连接，报警可能无法送达。',
        en: 'City police 110 centre, door first, does not answer (unreachable: ECONNREFUSED).',
      },
    ]);
  });

  test('an alarm cannot be read', async () => {
    world.publish('belfry/v1/school/gate/alarm', 'no JSON');
    await world.clock.pass(1);
    const [text] = told('alarm-unreadable');
    expect(text!.zh).toBe(
      '实验小学的网关 gate 发来一条无法读取的报警，将由它直接送往接警中心。请检查该网关的版本。',
    );
    expect(text!.en).toMatch(/^First School: gateway gate sent an alarm that cannot be read \(not JSON/);
  });

  test('two gateways run from one card', async () => {
    await world.says(press(world, 1));
    await world.says(press(world, 1, { counter: 9 }));
    const [text] = told('identity-conflict');
    expect(text!.zh).toMatch(
      /^实验小学的网关 gate 用同一个名字报了两起不同的报警（后一起来自 实验小学 · 北门值班室）/,
    );
    expect(text!.en).toContain('the later is from First School · North gate');
  });

  test('no Chinese sentence carries what a door said in English, and none the name of a signal', async () => {
    world.first.does = 'refused';
    world.second.does = 'throw';
    await world.says(press(world, 1, { facts: { mode: 'test' } }));
    world.publish('belfry/v1/school/gate/alarm', '{');
    await world.clock.pass(1_000);
    const texts = world.rows<{ text: string }>('SELECT text FROM alerts');
    expect(texts.length).toBeGreaterThan(2);
    for (const { text } of texts) {
      const { zh } = JSON.parse(text) as Bilingual;
      // The ids of a door and of a gateway are all that may be left: nobody gives those names.
      expect(zh.replace(/通道 \w+|网关 gate/g, '')).not.toMatch(/[a-z]{3,}/i);
    }
  });

  test('the centre is told by its name on the API, and by none where it has none', () => {
    expect(world.cloud.centres()).toMatchObject([
      { id: 'police', name: { zh: '市公安局 110 接警中心', en: 'City police 110 centre' } },
      { id: 'guards', name: null },
    ]);
  });
});

test.each([
  ['test', '测试', 'test'],
  ['drill', '演练', 'drill'],
  ['probe', '探测', 'probe'],
] as const)(
  'nothing that is said of a %s looks like an emergency, from its opening to its end',
  (mode, zh, en) => {
    const alarm = { name: 'n', campus: 'school', gateway: 'gate', device: 'b1', mode };
    const centre = { id: 'police', name: null, primary: true };
    const failure = { kind: 'next', fault: 'unreachable', reason: 'gone' } as const;
    const alerts = [
      undelivered(alarm, centre, null, namesOf([])),
      undelivered(alarm, centre, failure, namesOf([]), 90_000),
      late(alarm, namesOf([])),
    ];
    for (const alert of alerts) expect(alert).toMatchObject({ severity: 'warning', mode });
    const texts = [
      ...alerts.map(({ text }) => text),
      deliveredAfterAll(alarm, centre, 90_000, namesOf([])),
      endedBy(alarm, 'li', namesOf([])),
    ];
    for (const text of texts) {
      expect(text.zh).toContain(`的${zh}报警`);
      expect(text.en).toContain(`the ${en} alarm`);
      expect(text.zh).not.toMatch(/的真实报警|电话|核实现场/);
      expect(text.en).not.toMatch(/the real alarm|telephone|what is happening there/i);
    }
  },
);

test('a place without a name is told by its id', async () => {
  world.first.does = world.second.does = 'unreachable';
  world.publish(
    'belfry/v1/other/hut/alarm',
    JSON.stringify(
      press(world, 1, {
        message: { name: { gateway: 'hut', epoch: '00112233445566aa', lane: 'alarm', n: 1 } },
      }),
    ),
  );
  await world.clock.pass(1);
  expect(told('alarm-undelivered')[0]!.en).toMatch(/^other · hut\/button-1: the real alarm/);
});

test('a duration is as exact as it matters to people', () => {
  expect([0.4, 850, 999.6, 2340, 119_949, 300_000].map((ms) => durationWords(ms).en)).toEqual([
    '0 ms',
    '850 ms',
    '1.0 s',
    '2.3 s',
    '119.9 s',
    '5.0 min',
  ]);
  expect(durationWords(2340).zh).toBe('2.3 秒');
});
