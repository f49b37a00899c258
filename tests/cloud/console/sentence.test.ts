import { describe, expect, test } from 'vitest';
import { emptyView, withSnapshot } from '#cloud/console/feed/store.ts';
import type { Snapshot, View } from '#cloud/console/feed/store.ts';
import { sentence } from '#cloud/console/reading/sentence.ts';
import { speeches } from '#cloud/console/words/language.ts';
import { alarm, alert, centre, device, devices, gateway, latency } from '../../browser/campus.ts';

const now = Date.now();

function viewOf(change: Partial<Snapshot> = {}, more: Partial<View> = {}): View {
  const snapshot: Snapshot = {
    alarms: [],
    devices: devices(),
    gateways: [gateway()],
    alerts: [],
    centres: [centre('answering')],
    ...change,
  };
  return { ...withSnapshot(emptyView, snapshot), link: { state: 'live' }, provenAt: now, ...more };
}
const zh = (view: View) => sentence(view, now, now, speeches.zh);
const en = (view: View) => sentence(view, now, now, speeches.en);
const but = (id: string, state: 'offline' | 'fault') =>
  devices().map((one) => (one.place.device === id ? device(id, { state }) : one));

describe('the sentence', () => {
  test('a healthy school: its devices and 110 in one breath', () => {
    expect(zh(viewOf())).toEqual({
      state: 'good',
      head: '全部 9 台设备正常，110 应答 12 毫秒。',
      rest: null,
    });
    expect(en(viewOf()).head).toBe('All 9 devices are good, 110 answers in 12 ms.');
  });

  test('an alarm that 110 does not have comes before everything else', () => {
    const view = viewOf({
      alarms: [alarm(1, 7)],
      centres: [centre('silent')],
      devices: but('cam-yard', 'offline'),
      alerts: [alert(1)],
    });
    const said = zh(view);
    expect(said.state).toBe('alarm');
    expect(said.head).toBe('实验小学 · 北门值班室 报警，110 还没有收到。');
    expect(said.rest).toMatch(
      /^110 没有应答，自 .* 起。操场摄像机 离线，9 台设备中 8 台正常。1 条告警未消除。$/,
    );
  });

  test('a drill that 110 does not have is not said as an alarm', () => {
    expect(zh(viewOf({ alarms: [alarm(1, 7, { mode: 'drill' })] })).state).toBe('good');
  });

  test('110 does not answer: said before any device', () => {
    const view = viewOf({ centres: [centre('silent')], devices: but('cam-yard', 'fault') });
    expect(en(view).head).toMatch(/^110 does not answer, since .*\.$/);
  });

  test('no primary centre, or one of which nothing is known, is never good', () => {
    expect(zh(viewOf({ centres: [] })).state).toBe('fault');
    expect(zh(viewOf({ centres: [centre('answering', { primary: false })] })).state).toBe('fault');
    expect(zh(viewOf({ centres: [centre('unknown')] })).state).toBe('unknown');
  });

  test('one door that answers is enough', () => {
    const doors = [...centre('silent').doors, ...centre('answering').doors];
    expect(zh(viewOf({ centres: [centre('silent', { doors })] })).state).toBe('good');
  });

  test('a gateway that is cut off is named by its campus', () => {
    const view = viewOf({ gateways: [gateway({ state: 'offline' })] });
    expect(zh(view).head).toBe('实验小学网关失去联系。');
    expect(en(view).head).toBe('Experimental Primary School gateway is cut off.');
  });

  test('what was not heard of for 30 s is unknown, whatever it said', () => {
    const view = viewOf({}, { provenAt: now - 30_000 });
    expect(zh(view)).toMatchObject({ state: 'unknown', head: '110 是否应答还不清楚。' });
    expect(zh(view).rest).toContain('9 台未知');
  });

  test('nothing is concluded from empty tables, nor from a lost connection', () => {
    expect(zh(emptyView).head).toBe('正在读取现状。');
    const lost = viewOf({}, { link: { state: 'lost', since: now, tries: 2 } });
    expect(zh(lost).state).toBe('unknown');
    expect(zh(viewOf({ devices: [] })).head).toBe('还没有设备报到。');
  });

  test('a breach of the bound and what has not arrived are said', () => {
    const figures = latency({ undelivered: 1, p99_ms: 4100 });
    const said = en(viewOf({}, { latency: { figures, at: now } }));
    expect(said.rest).toBe(
      '1 of 24 real alarms of the last hour has not reached 110. The slowest 1 % took 4.10 s, over the bound of 2 s.',
    );
  });
});
