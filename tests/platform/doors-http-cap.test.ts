import { afterEach, describe, expect, test } from 'vitest';
import { capOfSignal } from '#platform/doors/cap-alert.ts';
import { referenceIn } from '#platform/doors/cap-receipt.ts';
import { type HttpCapDoorConfig, httpCapDoorConfig } from '#platform/doors/http-cap.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { encodeCap } from '#protocols/cap/write.ts';
import { type Mode, signalType } from '#protocols/signal.ts';
import type { HttpCentreCommand } from '#sim/centre/http-centre.ts';
import { httpDoorAndCentre, place, pressOf } from './doors-http-bench.ts';
import { until } from './pty.ts';

const open: Awaited<ReturnType<typeof httpDoorAndCentre>>[] = [];
async function bench(config: Partial<HttpCapDoorConfig> = {}) {
  const made = await httpDoorAndCentre(config);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function documentOf(xml: string) {
  const reading = parseCap(xml);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.alert;
}

describe('an alarm', () => {
  test("arrives as a signed CAP document, and the centre's own reference is the receipt", async () => {
    const b = await bench();
    const signal = pressOf();
    const result = await b.door.deliver(signal);
    expect(result).toEqual({
      kind: 'receipt',
      reference: 'JJ00000001',
      at: b.clock.wall(),
      raw: expect.any(Uint8Array),
    });
    const [document] = b.centre.documents();
    expect(document).toMatchObject({
      identifier: signal.name,
      idempotency_key: `${signal.name}.${signal.digest}`,
      status: 'Actual',
    });
    expect(documentOf(document!.body).sent).toBe(signal.occurredAt);
    expect(document!.body).toContain('<sent>2026-09-01T16:00:00+08:00</sent>');
  });

  test('that is sent again is the same document, byte for byte, under the same key', async () => {
    const b = await bench();
    await b.door.deliver(pressOf());
    b.advance(3_600_000);
    await b.door.deliver(pressOf());
    const [first, second] = b.centre.documents();
    expect(second).toMatchObject({ body: first!.body, idempotency_key: first!.idempotency_key });
  });

  test('that the centre acknowledges in XML has a receipt as well', async () => {
    const b = await bench();
    b.centre.behave({ mode: 'xml' });
    expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt', reference: 'JJ00000001' });
  });

  test('that cannot be written costs no other its turn', async () => {
    const b = await bench({ connections: 1 });
    const result = await b.door.deliver(pressOf({ occurredAt: Number.MAX_SAFE_INTEGER }));
    expect(result).toMatchObject({ kind: 'next', fault: 'refused' });
    expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt' });
  });

  test('waits its turn where all are taken, and is told when none gets free', async () => {
    const b = await bench({ connections: 1, timeout_ms: 5000 });
    b.centre.behave({ mode: 'delay', delayMs: 1000, count: 1 });
    const first = b.door.deliver(pressOf());
    await until('the first is there', () => b.centre.documents().length === 1);
    const second = b.door.deliver(pressOf());
    const third = b.door.deliver(pressOf());
    b.advance(1000);
    expect(await first).toMatchObject({ kind: 'receipt' });
    expect([await second, await third]).toMatchObject([{ kind: 'receipt' }, { kind: 'receipt' }]);

    b.centre.behave({ mode: 'delay', delayMs: 60_000, count: 1 });
    const stuck = b.door.deliver(pressOf());
    await until('it is there', () => b.centre.documents().length === 4);
    const impatient = b.door.deliver(pressOf());
    b.advance(5000);
    expect(await impatient).toMatchObject({ kind: 'next', fault: 'silent' });
    b.advance(55_000);
    expect(await stuck).toMatchObject({ kind: 'receipt' });
  });
});

describe('no receipt', () => {
  const cases: [HttpCentreCommand['mode'], string, RegExp][] = [
    ['error', 'failed', /answered 500: .*database is down/],
    ['busy', 'failed', /answered 429/],
    ['refuse', 'refused', /answered 403: .*not from you/],
    ['no-reference', 'failed', /answered 200 without a reference/],
    ['other-document', 'failed', /answer for another document/],
    ['redirect', 'refused', /answered 307: it sends on to \/elsewhere/],
    ['endless', 'failed', /more than 16384 bytes/],
  ];
  test.each(cases)('%s: %s, and the next one is taken again', async (mode, fault, reason) => {
    const b = await bench();
    b.centre.behave({ mode, count: 1 });
    expect(await b.door.deliver(pressOf())).toMatchObject({
      kind: 'next',
      fault,
      reason: expect.stringMatching(reason),
    });
    expect(b.centre.documents()).toEqual([]);
    expect(b.centre.counts()).toMatchObject({ strayed: 0, unacknowledged: 1 });
    expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt' });
  });

  test('no answer in time is silence', async () => {
    const b = await bench({ timeout_ms: 100 });
    b.centre.behave({ mode: 'silent' });
    expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'next', fault: 'silent' });
  });

  test('nobody there is unreachable', async () => {
    const b = await bench();
    await b.centre.close();
    expect(await b.door.deliver(pressOf())).toMatchObject({
      kind: 'next',
      fault: 'unreachable',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('a connection cut before the answer is tried once more at once, under the same key', async () => {
    const b = await bench();
    b.centre.behave({ mode: 'cut', count: 1 });
    expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt' });
    const keys = b.centre.documents().map(({ idempotency_key }) => idempotency_key);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  test('a wrong key is refused by the centre, and people are told', async () => {
    const b = await bench({ secret: 'another secret of this test' });
    expect(await b.door.deliver(pressOf())).toMatchObject({ fault: 'refused' });
    expect(b.centre.documents()).toEqual([]);
  });

  test('a closed door settles what is on its way and takes no more', async () => {
    const b = await bench({ connections: 1, timeout_ms: 300 });
    b.centre.behave({ mode: 'silent' });
    const going = b.door.deliver(pressOf());
    const waiting = b.door.deliver(pressOf());
    await b.door.close();
    expect(await waiting).toMatchObject({ fault: 'closed' });
    expect(await going).toMatchObject({ fault: 'closed' });
    expect(await b.door.deliver(pressOf())).toMatchObject({ fault: 'closed' });
  });
});

test("a clock that is an hour wrong is corrected by the centre's own, once, and the document stays the same", async () => {
  const b = await bench();
  b.centre.behave({ clockOffsetMs: 3_600_000 });
  expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt' });
  expect(b.centreClock.offsetMs).toBe(3_600_000);
  expect(b.centre.counts().rejected).toBe(1);
  expect(documentOf(b.centre.documents()[0]!.body).sent).toBe(pressOf().occurredAt);
  expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt' });
  expect(b.centre.counts().rejected).toBe(1);
});

describe('supervision', () => {
  const supervision = { interval_s: 30 };

  test('asks with System messages, which leave nothing at the centre', async () => {
    const b = await bench({ supervision });
    await until('an answer', () => b.door.supervision().state === 'answering');
    expect(b.centre.counts().supervision).toBe(1);
    await until('the next is armed', () => b.armed() === 1);
    b.advance(30_000);
    await until('the next', () => b.centre.counts().supervision === 2);
    expect(b.centre.documents()).toEqual([]);
  });

  test('a centre that gives no reference is silent, although its web server answers', async () => {
    const b = await bench({ supervision });
    await until('an answer', () => b.door.supervision().state === 'answering');
    b.centre.behave({ mode: 'no-reference', documents: 'system' });
    for (const missed of [1, 2]) {
      await until('it is armed', () => b.armed() === 1);
      b.advance(30_000);
      await until('a miss', () => b.centre.counts().unacknowledged === missed);
    }
    await until('silent', () => b.door.supervision().state === 'silent');
    b.centre.behave({ mode: 'acknowledge' });
    await until('it is armed', () => b.armed() === 1);
    b.advance(30_000);
    await until('an answer', () => b.door.supervision().state === 'answering');
  });

  test('an alarm does not wait behind it', async () => {
    const b = await bench({ supervision, connections: 1, timeout_ms: 5000 });
    await until('an answer', () => b.door.supervision().state === 'answering');
    b.centre.behave({ mode: 'silent', documents: 'system' });
    await until('it is armed', () => b.armed() === 1);
    b.advance(30_000);
    await until('it hangs', () => b.centre.counts().unacknowledged === 1);
    expect(await b.door.deliver(pressOf())).toMatchObject({ kind: 'receipt' });
  });

  test('without it nothing is claimed', async () => {
    expect((await bench()).door.supervision()).toEqual({ state: 'unknown' });
  });
});

describe('the document', () => {
  test.each<[Mode, string]>([
    ['real', 'Actual'],
    ['drill', 'Exercise'],
    ['test', 'Test'],
    ['probe', 'Test'],
  ])('%s is %s to CAP, and what is not real says so in both languages', (mode, status) => {
    const alert = documentOf(encodeCap(capOfSignal(pressOf({ mode }), 'belfry', 0)));
    expect(alert.status).toBe(status);
    const isReal = mode === 'real';
    for (const info of alert.info!) {
      expect(info.urgency === 'Immediate').toBe(isReal);
      expect(/无需出警|send nobody/.test(info.instruction ?? '')).toBe(!isReal);
      expect(/^[【[]/.test(info.headline!)).toBe(!isReal);
    }
  });

  test('says in Chinese what an officer needs', () => {
    const [zh, en] = documentOf(
      encodeCap(capOfSignal(pressOf({ type: 'sum', count: 9 }), 'belfry', 0)),
    ).info!;
    expect([zh!.language, en!.language]).toEqual(['zh-CN', 'en-US']);
    for (const needed of [
      '实验小学',
      '幸福路 8 号',
      '行政楼 三层 301 校长室',
      '张敏（保卫处主任） 138 0000 0001',
      '李强 138 0000 0002',
      '2026-09-01T16:00:00+08:00',
      '真实报警',
      '按下次数：9',
    ]) {
      expect(zh!.description).toContain(needed);
    }
    expect(zh!.area).toEqual([{ areaDesc: '实验小学，幸福路 8 号，行政楼 三层 301 校长室' }]);
    expect(zh!.resource).toEqual([
      { resourceDesc: '行政楼走廊', mimeType: 'image/jpeg', uri: place.pictures[0]!.url },
    ]);
    expect(en!.description).toContain("Administration building, 3rd floor, 301, Principal's office");
  });

  test('a silent alarm asks that nobody telephones the room', () => {
    for (const code of ['121', '122']) {
      expect(capOfSignal(pressOf({ code }), 'belfry', 0).info![0]!.instruction).toContain('请勿拨打');
    }
    expect(capOfSignal(pressOf(), 'belfry', 0).info![0]!.instruction).toBeUndefined();
  });

  test('without a place it still says account and zone, which the centre can look up', () => {
    const alert = documentOf(encodeCap(capOfSignal(pressOf({ place: undefined }), 'belfry', 0)));
    expect(alert.info![0]).toMatchObject({
      headline: '1234 / 015 一键报警',
      area: [{ areaDesc: '1234 / 015' }],
    });
  });

  test('a press whose time nobody knows does not pretend: sent now, and no onset', () => {
    const now = Date.UTC(2026, 8, 2);
    const alert = documentOf(
      encodeCap(capOfSignal(pressOf({ clockKnown: false, occurredAt: 5 }), 'belfry', now)),
    );
    expect(alert.sent).toBe(now);
    expect(alert.info![0]!.onset).toBeUndefined();
    expect(alert.info![0]!.description).toContain('不详');
  });

  test('is CAP 1.2 for every type and mode', () => {
    for (const type of signalType.options) {
      for (const mode of ['real', 'test', 'drill', 'probe'] as const) {
        const reading = parseCap(encodeCap(capOfSignal(pressOf({ type, mode }), 'belfry', 0)));
        expect(reading, `${type} ${mode}`).toMatchObject({ ok: true });
      }
    }
  });
});

test('only an answer about this very document holds a reference', () => {
  const ours = { identifier: 'a.1' };
  expect(referenceIn('{"reference":" JJ1 ","identifier":"a.1"}', ours)).toEqual({ reference: 'JJ1' });
  for (const bad of [
    '',
    'OK',
    'null',
    '[]',
    '{}',
    '{"identifier":"a.1"}',
    '{"reference":"","identifier":"a.1"}',
    '{"reference":"  ","identifier":"a.1"}',
    '{"reference":7,"identifier":"a.1"}',
    `{"reference":"${'x'.repeat(201)}","identifier":"a.1"}`,
    // It does not say what it is an answer to, or hands back what it was sent.
    '{"reference":"JJ1"}',
    '{"reference":"a.1","identifier":"a.1"}',
    '{"reference":"JJ1","identifier":"a.2"}',
    '<html></html>',
    '<',
  ]) {
    expect(referenceIn(bad, ours), bad).toHaveProperty('problem');
  }
  const ack = (msgType: 'Ack' | 'Error', references: string) =>
    encodeCap({
      identifier: 'JJ1',
      sender: 'c',
      sent: 0,
      status: 'Actual',
      msgType,
      scope: 'Private',
      references,
    });
  expect(referenceIn(ack('Ack', 'belfry,a.1,2026-09-01T16:00:00+08:00'), ours)).toEqual({ reference: 'JJ1' });
  expect(referenceIn(ack('Ack', 'belfry,a.2,2026-09-01T16:00:00+08:00'), ours)).toHaveProperty('problem');
  expect(
    referenceIn(ack('Ack', 'belfry,JJ1,2026-09-01T16:00:00+08:00'), { identifier: 'JJ1' }),
  ).toHaveProperty('problem');
  expect(referenceIn(ack('Error', 'belfry,a.1,2026-09-01T16:00:00+08:00'), ours)).toHaveProperty('problem');
});

test('a configuration that would leak or not be safe is refused', () => {
  const config = {
    id: 'cap',
    kind: 'http-cap',
    url: 'https://110.example.org/cap',
    secret: '0123456789abcdef',
  };
  expect(httpCapDoorConfig.parse(config)).toMatchObject({
    sender: 'belfry',
    timeout_ms: 2000,
    connections: 4,
  });
  for (const wrong of [
    { url: 'ftp://110.example.org' },
    { url: 'https://user:word@110.example.org/' },
    { secret: 'short' },
    { sender: 'with space' },
    { more: 1 },
  ]) {
    expect(httpCapDoorConfig.safeParse({ ...config, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  }
});
