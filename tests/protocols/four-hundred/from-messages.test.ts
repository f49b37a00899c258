import { describe, expect, it } from 'vitest';
import { evidence } from '#protocols/four-hundred/evidence.ts';
import {
  evidenceOfContact,
  evidenceOfPoint,
  evidenceOfProof,
  evidenceOfRecord,
  evidenceOfState,
} from '#protocols/four-hundred/from-messages.ts';
import { judgePart } from '#protocols/four-hundred/judge/judge-part.ts';
import type { DeviceRecord } from '#protocols/messages/telemetry.ts';
import { hilltop, inventory } from '../inventory/hilltop.ts';
import { ledgerOf, wednesday } from './in-order.ts';

const minute = 60_000;
const source = { id: 7, gateway: 'gw-hill', known_at: wednesday };
const campus = inventory();
const cards: Record<string, string> = { '0012345678': 'guard-1', '0012345679': 'p-3' };
const personOf = (card: string) => cards[card] ?? null;
const record = (kind: DeviceRecord['kind'], device: string, details: DeviceRecord['details'] = {}) =>
  evidenceOfRecord(source, { device, kind, at: wednesday - minute, details }, campus, personOf);

describe('what the product’s messages say of the four hundred', () => {
  it.each([
    ['good', 'good', 90_000],
    ['alarm', 'good', 90_000],
    ['fault', 'fault', 90_000],
    ['offline', 'offline', null],
    ['unknown', 'unknown', null],
    ['missing', 'missing', null],
  ] as const)('a device that is %s', (state, expected, holds_ms) => {
    const said = evidenceOfState(source, { device: 'cam-gate', state, at: wednesday, heartbeat_s: 30 });
    expect(said).toEqual({
      kind: 'state',
      id: 7,
      at: wednesday,
      known_at: wednesday,
      device: 'gw-hill/cam-gate',
      state: expected,
      holds_ms,
    });
    expect(evidence.parse(said)).toEqual(said);
  });

  it('a contact says how it stands at birth and when that changes, not with every heartbeat', () => {
    const report = (state: string) => ({ id: 'gate-contact', facts: { state } });
    expect(evidenceOfContact(source, report('open'), null, wednesday)).toMatchObject({
      kind: 'contact',
      open: true,
    });
    expect(evidenceOfContact(source, report('open'), report('open'), wednesday)).toBe(null);
    expect(evidenceOfContact(source, report('down'), report('up'), wednesday)).toMatchObject({ open: false });
    expect(evidenceOfContact(source, { id: 'cam-gate', facts: {} }, null, wednesday)).toBe(null);
  });

  it('values of a camera', () => {
    const point = (field: string, value: number) =>
      evidenceOfPoint(
        source,
        { device: 'cam-gate', field, value, unit: '', at: wednesday },
        { picture: 'bad' },
      );
    expect(point('clock_offset_s', -0.7)).toMatchObject({ kind: 'clock', offset_s: -0.7 });
    expect(point('recorded_days', 34)).toMatchObject({ kind: 'recording', days: 34 });
    expect(point('picture_entropy', 6)).toMatchObject({ kind: 'picture', good: false });
    expect(point('stream_fps', 25)).toBe(null);
  });

  it('records: contacts, cards at a post, on the round and at the crossing, duty polls', () => {
    expect(record('opened', 'gate-contact')).toMatchObject({ kind: 'contact', open: true });
    const shift = { purpose: 'guard-shift', point: 'gatehouse', card: '0012345678' };
    expect(record('check-in', 'terminal', shift)).toMatchObject({
      place: { post: 'gatehouse' },
      person: 'guard-1',
      on: true,
    });
    expect(record('check-in', 'terminal', { ...shift, direction: 'out' })).toMatchObject({ on: false });
    const round = { purpose: 'patrol', point: 'yard', card: 'unknown' };
    expect(record('check-in', 'round-reader', round)).toMatchObject({
      place: { patrol: 'yard' },
      person: undefined,
    });
    const crossing = { purpose: 'crossing-post', point: 'south', card: '0012345679' };
    expect(record('check-in', 'reader-south', crossing)).toMatchObject({
      place: { crossing: 'south' },
      person: 'p-3',
    });
    expect(record('check-in', 'elsewhere', { ...crossing, point: 'nowhere' })).toBe(null);
    expect(record('duty-poll', 'terminal', { answered: true })).toMatchObject({
      post: 'gatehouse',
      answered: true,
    });
    expect(record('duty-poll', 'another', { answered: true })).toBe(null);
    expect(record('motion', 'cam-gate')).toBe(null);
  });

  it('a probe, a heartbeat and a card make parts yes', () => {
    const ledger = ledgerOf(hilltop, wednesday);
    for (const piece of [
      evidenceOfProof(source, {
        device: 'press-gatehouse',
        at: wednesday,
        route: 'cloud',
        proved: 'centre',
        latency_ms: 640,
      }),
      evidenceOfState(source, { device: 'press-gatehouse', state: 'good', at: wednesday, heartbeat_s: 30 }),
      record('check-in', 'terminal', { purpose: 'guard-shift', point: 'gatehouse', card: '0012345678' })!,
    ])
      expect(ledger.apply(piece)).toBe(true);
    const button = ledger.plan.cameras;
    for (const part of [
      { kind: 'proved' as const, entity: button },
      { kind: 'alive' as const, entity: button },
      { kind: 'manned' as const, entity: 0 },
    ])
      expect(judgePart(ledger.case, { ...part, nth: 0 }).answer).toBe('yes');
  });
});
