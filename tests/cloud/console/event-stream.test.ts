import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEventStream } from '#cloud/console/feed/event-stream.ts';
import type { StreamEvent } from '#cloud/console/feed/event-stream.ts';

const read = (pieces: string[]) => {
  const events: StreamEvent[] = [];
  const push = readEventStream((event) => events.push(event));
  for (const piece of pieces) push(piece);
  return events;
};

const stream = [
  ': here\n\nid: 4\n\n',
  'id: 5\nevent: alarm\ndata: {"a":\ndata:1}\n\n',
  'event: device\r\ndata: 北门\r\n\r\n',
  ': heartbeat\r\r',
  'id\ndata\n\n',
].join('');

describe('readEventStream', () => {
  test('gives every event with its type, its joined data and the id to resume from', () => {
    expect(read([stream])).toEqual([
      { lastId: '4', type: 'message', data: null },
      { lastId: '5', type: 'alarm', data: '{"a":\n1}' },
      { lastId: '5', type: 'device', data: '北门' },
      { lastId: '', type: 'message', data: '' },
    ]);
  });

  test('gives the same events however the stream is cut', () => {
    const whole = read([stream]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        expect(read(at.slice(1).map((end, index) => stream.slice(at[index], end)))).toEqual(whole);
      }),
    );
  });

  test('an event that was not ended by a blank line never happened', () => {
    expect(read(['id: 9\nevent: alarm\ndata: half'])).toEqual([]);
  });
});
