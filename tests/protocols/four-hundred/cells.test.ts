import { describe, expect, it } from 'vitest';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { judgePart } from '#protocols/four-hundred/judge/judge-part.ts';
import { codes, sentence } from '#protocols/four-hundred/words.ts';
import { hilltop } from '../inventory/hilltop.ts';
import { at, day, hour, ledgerInOrder, ledgerOf, shown, told, wednesday } from './in-order.ts';

const minute = 60_000;
/** What a campus in order shows after more is known, at the moment of the last of it. */
function after(pieces: Parameters<typeof told>[0], now = wednesday) {
  const ledger = ledgerInOrder();
  ledger.advance(now);
  for (const piece of told(pieces.map((one, i) => ({ id: 90_000 + i, ...one })))) ledger.apply(piece);
  return ledger;
}
const why = (ledger: ReturnType<typeof after>) =>
  ledger
    .open()
    .filter(({ answer }) => answer !== 'yes')
    .map(
      ({ part, answer, code, params }) =>
        `${part.kind}: ${answer} (${sentence(code, params, 'Asia/Shanghai').en})`,
    );

describe('the twelve cells of a campus', () => {
  it('all yes where all is in order', () => {
    expect(shown(ledgerInOrder())).toEqual({
      'guards present': 'yes 2/2',
      'guards working': 'yes 2/2',
      'guards usable': 'yes 8/8',
      'closed-campus present': 'yes 4/4',
      'closed-campus working': 'yes 2/2',
      'closed-campus usable': 'yes 2/2',
      'one-key-video present': 'yes 7/7',
      'one-key-video working': 'yes 5/5',
      'one-key-video usable': 'yes 3/3',
      'crossing-post present': 'yes 3/3',
      'crossing-post working': 'yes 1/1',
      'crossing-post usable': 'yes 10/10',
    });
  });

  it('nothing works of which nothing was ever heard', () => {
    const levels = ledgerOf()
      .cells()
      .filter(({ level }) => level !== 'present');
    expect(levels.map(({ item, level, answer }) => `${item} ${level} ${answer}`)).toEqual([
      'guards working unknown',
      'guards usable unknown',
      'closed-campus working unknown',
      'closed-campus usable unknown',
      'one-key-video working unknown',
      'one-key-video usable unknown',
      'crossing-post working no',
      'crossing-post usable no',
    ]);
  });

  it('a campus of 1,600 pupils with two guards lacks two more', () => {
    const ledger = ledgerInOrder({ ...hilltop, pupils: { day: 1600 } });
    expect(shown(ledger)['guards present']).toBe('no 1/2');
    expect(why(ledger)).toEqual(['roll: no (2 guards on the roll, 4 are required)']);
  });

  it('a guard who checks out leaves the post unmanned, as does a shift that is too long', () => {
    const place = { post: 'gatehouse' };
    const left = after([{ kind: 'check-in', at: wednesday, place, person: 'guard-1', on: false }]);
    expect(why(left)).toEqual(['manned: no (nobody is on the post)']);
    expect(why(after([], wednesday + 11 * hour + minute))).toContain('manned: no (nobody is on the post)');
    expect(why(after([], wednesday + 11 * hour - minute)).join()).not.toContain('nobody');
    const stranger = after([
      { kind: 'check-in', at: wednesday, place, person: 'guard-1', on: false },
      { kind: 'check-in', at: wednesday, place, person: 'stranger', on: true },
    ]);
    expect(why(stranger)).toEqual(['manned: no (nobody is on the post)']);
  });

  it('a dead terminal: who is on the post is unknown, and the terminal is not', () => {
    const ledger = after([
      { kind: 'check-in', at: wednesday, place: { post: 'gatehouse' }, person: 'guard-1', on: false },
      { kind: 'state', at: wednesday, device: 'gw-hill/terminal', state: 'offline', holds_ms: null },
    ]);
    expect(why(ledger)).toEqual([
      'manned: unknown (offline since 2026-09-16 10:00)',
      'terminal: no (offline since 2026-09-16 10:00)',
    ]);
  });

  it('a missed duty poll, and rounds that were swiped all at once', () => {
    expect(why(after([{ kind: 'duty-poll', at: wednesday, post: 'gatehouse', answered: false }]))).toEqual([
      'polls: no (1 of 2 duty polls were answered)',
    ]);
    const next = at('2026-09-17T09:00');
    const swiped = Array.from({ length: 5 }, (_, i) => ({
      kind: 'check-in' as const,
      at: wednesday + i * minute,
      place: { patrol: 'yard' },
      on: true,
    }));
    expect(why(after(swiped, next)).filter((line) => line.startsWith('rounds'))).toEqual([
      'rounds: no (1 rounds on 2026-09-16, 5 are required)',
    ]);
  });

  it('a gate may stand open while pupils come, two minutes at other times, and no longer', () => {
    const gate = { kind: 'contact' as const, device: 'gw-hill/gate-contact' };
    const opened = after([{ ...gate, at: at('2026-09-16T16:10'), open: true }]);
    expect(why(opened).filter((line) => /closed|quiet/.test(line))).toEqual([]);
    opened.advance(at('2026-09-16T16:41'));
    expect(
      why(opened).filter((line) => /closed|quiet/.test(line)),
      'a minute of grace',
    ).toEqual([]);
    opened.advance(at('2026-09-16T16:43'));
    expect(why(opened).filter((line) => /closed|quiet/.test(line))).toEqual([
      'closed: no (open since 2026-09-16 16:40 when it should be closed)',
      'quiet: no (1 openings are not explained)',
    ]);
  });

  it('an opening that was too long is told for seven days, unless somebody explains it', () => {
    const gate = { kind: 'contact' as const, device: 'gw-hill/gate-contact' };
    const opening: Parameters<typeof told>[0] = [
      { ...gate, id: 501, at: wednesday, open: true },
      { ...gate, at: wednesday + 5 * minute, open: false },
    ];
    const ledger = after(opening);
    expect(shown(ledger)['closed-campus working']).toBe('yes 2/2');
    expect(shown(ledger)['closed-campus usable']).toBe('no 1/2');
    ledger.advance(at('2026-09-23T23:59'));
    expect(shown(ledger)['closed-campus usable']).toBe('no 1/2');
    ledger.advance(at('2026-09-24T00:00'));
    expect(shown(ledger)['closed-campus usable']).toBe('yes 2/2');
    const explained = after([
      ...opening,
      { kind: 'explained', at: wednesday + hour, opening: 501, by: 'head', reason: 'a delivery' },
    ]);
    expect(shown(explained)['closed-campus usable']).toBe('yes 2/2');
  });

  it('that nothing was opened is not known of the time in which nobody watched', () => {
    const ledger = ledgerOf();
    const states = (from: number, to: number) =>
      told([{ kind: 'state', device: 'gw-hill/gate-contact', at: from, state: 'good', holds_ms: to - from }]);
    for (const piece of told([
      { kind: 'contact', device: 'gw-hill/gate-contact', at: wednesday - 9 * day, open: false },
    ]))
      ledger.apply(piece);
    for (const piece of states(wednesday - 9 * day, wednesday - 2 * hour)) ledger.apply(piece);
    const quiet = () => judgePart(ledger.case, { kind: 'quiet', entity: 0, nth: 0 });
    expect(quiet()).toMatchObject({ answer: 'unknown', code: 'unwatched', params: { ms: 2 * hour } });
    // The edge was cut off, and tells later that it was watching all the while.
    for (const piece of states(wednesday - 2 * hour, wednesday + hour)) ledger.apply(piece);
    expect(quiet()).toMatchObject({ answer: 'yes', code: 'quiet' });
  });

  it('a beam that flickers more than is kept: whether it was quiet before is no longer known', () => {
    const flicker = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        kind: 'contact' as const,
        device: 'gw-hill/fence-beam',
        at: wednesday + i * 1000,
        open: i % 2 === 0,
      }));
    expect(why(after(flicker(900)))).toEqual([]);
    expect(why(after(flicker(1_100)))).toEqual([
      expect.stringMatching(/^quiet: unknown \(unwatched for 178 h/),
    ]);
  });

  it('an hour after the last good word it is no longer known that nothing was opened', () => {
    const ledger = after([
      { kind: 'state', at: wednesday, device: 'gw-hill/fence-beam', state: 'good', holds_ms: 3 * minute },
    ]);
    // The first word of all covers the time until its own end; the beam has fallen silent since.
    ledger.advance(wednesday + 21 * day);
    ledger.advance(wednesday + 21 * day + hour);
    expect(ledger.cells()[5]?.parts).toMatchObject({ unknown: 0 });
    ledger.advance(wednesday + 21 * day + hour + 2);
    expect(ledger.cells()[5]?.parts).toMatchObject({ unknown: 2 });
  });

  it.each<[string, Parameters<typeof told>[0][number], string]>([
    [
      'dead',
      { kind: 'state', at: wednesday, device: 'gw-hill/cam-gate', state: 'offline', holds_ms: null },
      'offline',
    ],
    [
      'off its time',
      { kind: 'clock', at: wednesday, device: 'gw-hill/cam-gate', offset_s: -7 },
      'clock is off by -7 s',
    ],
    [
      'covered',
      { kind: 'picture', at: wednesday, device: 'gw-hill/cam-gate', good: false },
      'picture is bad',
    ],
  ])('a camera that is %s works no more, and its zone is unseen', (_what, piece, words) => {
    const lines = why(after([piece]));
    expect(lines.map((line) => line.split(':')[0])).toEqual(['alive', 'zone-seen']);
    expect(lines[0]).toContain(words);
  });

  it('a clock or a picture that nobody looked at for a day is unknown', () => {
    expect(
      why(after([], wednesday + day))
        .filter((line) => line.startsWith('alive'))
        .sort(),
    ).toEqual([
      'alive: unknown (whether its clock is right is not known)',
      'alive: unknown (whether its clock is right is not known)',
    ]);
  });

  it.each<[string, Parameters<typeof told>[0][number], string]>([
    [
      'did not come through',
      {
        kind: 'proof',
        at: wednesday,
        device: 'gw-hill/press-gatehouse',
        route: 'cloud',
        proved: 'cloud',
        latency_ms: null,
      },
      'proved: no (the last proof came only to: the cloud (by the cloud))',
    ],
    [
      'came too slowly',
      {
        kind: 'proof',
        at: wednesday,
        device: 'gw-hill/press-gatehouse',
        route: 'cloud',
        proved: 'centre',
        latency_ms: 12_000,
      },
      'proved: no (the last proof took 12000 ms, the bound is 10000 ms)',
    ],
  ])('a button whose proof %s is no use', (_what, piece, line) => {
    expect(why(after([piece]))).toEqual([line]);
  });

  it('a button whose last proof is older than its period is overdue', () => {
    expect(why(after([], wednesday + 30 * day + minute)).find((line) => line.startsWith('proved'))).toBe(
      'proved: no (last proved at 2026-09-15 10:00, more than 31 days ago)',
    );
  });

  it('a recording of a key place reaches back 90 days, another one 30', () => {
    const days = (device: string) => after([{ kind: 'recording', at: wednesday, device, days: 40 }]);
    expect(why(days('gw-hill/cam-corridor'))).toEqual([]);
    expect(why(days('gw-hill/cam-gate'))).toEqual([
      'recording: no (its recording reaches back only 40 days, 90 are required)',
    ]);
  });

  it('the crossing post: a window counts once its last minute in time is over, and who is late is late', () => {
    const dismissal = at('2026-09-16T16:00');
    const five = ['p-1', 'p-2', 'guard-1', 'p-3', 'p-4'];
    const there = (last: number) =>
      five.map((person, i) => ({
        kind: 'check-in' as const,
        at: i === 4 ? last : dismissal - 5 * minute,
        place: { crossing: 'south' },
        person,
        on: true,
      }));
    const inTime = after(there(dismissal + 10 * minute), dismissal + 11 * minute);
    expect(shown(inTime)['crossing-post working']).toBe('yes 1/1');
    const late = after(there(dismissal + 10 * minute + 1), dismissal + 11 * minute);
    expect(shown(late)).toMatchObject({
      'crossing-post working': 'no 0/1',
      'crossing-post usable': 'no 9/10',
    });
    const nobody = after([], dismissal + 9 * minute);
    expect(shown(nobody)['crossing-post working'], 'still that of the morning').toBe('yes 1/1');
    nobody.advance(dismissal + 11 * minute);
    expect(shown(nobody)['crossing-post working']).toBe('no 0/1');
  });
});

describe('what is no failure of the school and is not working either', () => {
  it('maintenance that was declared beforehand is shown as such, and ends by itself', () => {
    const ledger = after([
      {
        kind: 'maintenance',
        at: wednesday - day,
        of: { device: 'gw-hill/cam-corridor' },
        from: wednesday - hour,
        to: wednesday + hour,
        reason: 'a new lens',
        by: 'caretaker',
      },
      { kind: 'state', at: wednesday, device: 'gw-hill/cam-corridor', state: 'offline', holds_ms: null },
    ]);
    expect(why(ledger)).toEqual([
      'alive: maintenance (in maintenance (a new lens) until 2026-09-16 11:00)',
      'zone-seen: maintenance (in maintenance (a new lens) until 2026-09-16 11:00)',
      'recording: maintenance (in maintenance (a new lens) until 2026-09-16 11:00)',
    ]);
    expect(shown(ledger)['one-key-video working']).toBe('maintenance 3/5');
    ledger.advance(wednesday + hour);
    expect(shown(ledger)['one-key-video working']).toBe('no 3/5');
  });

  it('maintenance that is declared afterwards excuses nothing of before', () => {
    const declared = {
      kind: 'maintenance' as const,
      of: 'campus' as const,
      from: wednesday - 3 * hour,
      to: wednesday + hour,
      reason: 'repainting',
      by: 'caretaker',
    };
    const window = { kind: 'crossing-now' as const, entity: 0, nth: 0 };
    const absent = ledgerOf();
    const judge = (declaredAt: number) => {
      const ledger = ledgerOf();
      for (const piece of told([{ ...declared, at: declaredAt }])) ledger.apply(piece);
      return judgePart(ledger.case, window).answer;
    };
    expect(judgePart(absent.case, window).answer).toBe('no');
    expect(judge(wednesday - day)).toBe('maintenance');
    expect(judge(wednesday - hour)).toBe('no');
  });

  it('while Belfry was not measuring nothing is said, and what it had not heard of again gets time to speak', () => {
    const ledger = ledgerInOrder();
    const heard = (known: number): Evidence[] =>
      told([
        { kind: 'state', device: 'gw-hill/press-gatehouse', at: known, state: 'good', holds_ms: 3 * minute },
      ]);
    const down = wednesday + day;
    for (const piece of heard(down - minute)) ledger.apply(piece);
    for (const piece of told([
      { kind: 'outage', at: down, known_at: down + 30 * minute, to: down + 30 * minute, reason: 'restart' },
    ]))
      ledger.apply(piece);
    const alive = () => judgePart(ledger.case, { kind: 'alive', entity: ledger.plan.cameras, nth: 0 });
    expect(alive()).toMatchObject({ answer: 'not-measured', params: { ms: 30 * minute } });
    ledger.advance(down + 30 * minute + 4 * minute);
    expect(alive().answer).toBe('not-measured');
    ledger.advance(down + 30 * minute + 5 * minute);
    expect(alive()).toMatchObject({ answer: 'unknown', code: 'silent' });
  });

  it('a window of the crossing post in which Belfry was away is not measured', () => {
    const dismissal = at('2026-09-16T16:00');
    const ledger = after(
      [{ kind: 'outage', at: dismissal - minute, to: dismissal + 9 * minute, reason: 'disk' }],
      dismissal + 11 * minute,
    );
    expect(shown(ledger)['crossing-post working']).toBe('not-measured 0/1');
  });
});

it('every reason has its words in both languages, with nothing left open', () => {
  for (const code of codes) {
    const { zh, en } = sentence(
      code,
      { ms: 61_000, reason: { zh: '黑屏', en: 'black' }, to: wednesday },
      'Asia/Shanghai',
    );
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(en).not.toMatch(/[{}]|\p{Script=Han}/u);
  }
  expect(sentence('not-measured', { ms: 7_260_000 }, 'Asia/Shanghai')).toEqual({
    zh: '钟楼自身有 2 小时 1 分 没有测量',
    en: 'Belfry itself was not measuring for 2 h 1 min',
  });
});
