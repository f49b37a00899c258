import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { feedEvent } from '#protocols/api.ts';
import { eventsKept } from '#cloud/store/store.ts';
import { ApiWorld } from './api-world.ts';

let world: ApiWorld;
const open: Socket[] = [];
beforeEach(async () => {
  world = await new ApiWorld().start();
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await world.close();
});

interface Heard {
  id: number;
  type: string | null;
  data: unknown;
}

/** A reader over a plain socket, which can stop reading. */
class FeedReader {
  readonly socket: Socket;
  text = '';
  closed = false;

  constructor(path: string, headers: string[] = []) {
    this.socket = connect(world.api.port, '127.0.0.1');
    open.push(this.socket);
    this.socket.on('data', (chunk) => (this.text += chunk.toString()));
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('error', () => {});
    this.socket.write(
      ['GET ' + path + ' HTTP/1.1', 'Host: localhost', 'Accept: text/event-stream', ...headers, '', ''].join(
        '\r\n',
      ),
    );
  }

  get heard(): Heard[] {
    // Chunk sizes of the transfer encoding stand on lines of their own.
    const lines = this.text.replace(/\r\n[0-9a-f]+\r\n/g, '');
    // The last block may have been cut off in the middle.
    const blocks = lines.split('\n\n').slice(0, -1);
    return blocks.flatMap((block) => {
      const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1];
      const [id, type, data] = [field('id'), field('event'), field('data')];
      if (id === undefined || block.includes('HTTP/1.1')) return [];
      return [
        {
          id: Number(id),
          type: type ?? null,
          data: data === undefined ? null : (JSON.parse(data) as unknown),
        },
      ];
    });
  }

  get events(): Heard[] {
    return this.heard.filter((one) => one.type !== null);
  }

  async until(condition: () => boolean): Promise<void> {
    await vi.waitFor(() => expect(condition(), this.text.slice(-2000)).toBe(true), {
      timeout: 20_000,
      interval: 5,
    });
  }

  /** The stream stands: what comes now is heard. */
  stands(): Promise<void> {
    return this.until(() => this.text.includes('retry: 2000'));
  }
}

const reader = (path = '/api/v1/events', headers: string[] = []) => new FeedReader(path, headers);
const names = (one: FeedReader) =>
  one.events.filter((e) => e.type === 'alarm').map((e) => (e.data as { data: { id: string } }).data.id);

describe('the feed', () => {
  it('tells everything that changes as it is now, each by the schema of its kind', async () => {
    const one = reader();
    await one.stands();
    world.birth([{}]);
    await world.alarm();
    await world.alerts.raise({
      code: 'alarm-late',
      severity: 'critical',
      subject: 'x',
      text: { zh: '晚', en: 'late' },
    });
    await world.store.commit([], [{ type: 'centre', subject: 'city-110' }]);
    await one.until(() => new Set(one.events.map((e) => e.type)).size === 5);
    for (const event of one.events) {
      const parsed = feedEvent.parse(event.data);
      expect(parsed.type).toBe(event.type);
    }
    const ids = one.events.map((e) => e.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it.each([['header'], ['url']])('is resumed without a gap by the last id (%s)', async (how) => {
    const one = reader();
    await one.stands();
    const before = await world.alarm();
    await one.until(() => one.events.length === 1);
    one.socket.destroy();
    const missed = [await world.alarm(), await world.alarm()];
    const last = one.events.at(-1)!.id;
    const again =
      how === 'header'
        ? reader('/api/v1/events', [`Last-Event-ID: ${last}`])
        : reader(`/api/v1/events?last_event_id=${last}`);
    await again.until(() => again.events.length === 2);
    expect(names(again)).toEqual(missed);
    expect(names(again)).not.toContain(before);
  });

  it('loses nothing to a reader that was cut off before its first event', async () => {
    await world.alarm();
    const one = reader();
    await one.until(() => one.heard.length === 1);
    one.socket.destroy();
    const missed = await world.alarm();
    const again = reader(`/api/v1/events?last_event_id=${one.heard[0]!.id}`);
    await again.until(() => again.events.length === 1);
    expect(names(again)).toEqual([missed]);
  });

  it('tells a reader whose place was trimmed away, or is of another store, to start anew', async () => {
    await world.alarm();
    await world.store.commit([
      {
        sql: `INSERT INTO events (id, at, type, subject) VALUES (?, 0, 'gateway', 'gate')`,
        params: [eventsKept + 50],
      },
    ]);
    const latest = await world.alarm().then(() => eventsKept + 51);
    for (const place of [1, 9_999_999]) {
      const one = reader(`/api/v1/events?last_event_id=${place}`);
      await one.until(() => one.events.length === 1);
      expect(one.events).toMatchObject([{ type: 'reset', id: latest }]);
      const name = await world.alarm();
      await one.until(() => one.events.length === 2);
      expect(names(one)).toEqual([name]);
      one.socket.destroy();
      await world.store.commit([{ sql: 'DELETE FROM events WHERE id > ?', params: [latest] }]);
    }
  });

  it('tells a reader to start anew when a device is no more', async () => {
    world.birth([{ id: 'b7' }]);
    await world.liveness.settled();
    const one = reader();
    await one.stands();
    world.birth([]);
    await one.until(() => one.events.some((e) => e.type === 'reset'));
  });

  it('keeps an idle connection alive with comments', async () => {
    const one = reader();
    await one.stands();
    await world.clock.pass(31_000);
    await one.until(() => one.text.split(': heartbeat\n\n').length === 3);
  });

  it('cuts a slow reader off, and it resumes without a gap', async () => {
    // Enough for the kernel's buffers on both sides to be full long before the end.
    const facts = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, 'x'.repeat(200)]));
    const devices = Array.from({ length: 100 }, (_, i) => ({ id: `d${i}`, facts }));
    world.birth(devices);
    await world.liveness.settled();
    const one = reader();
    await one.stands();
    one.socket.pause();
    for (let round = 0; round < 12; round += 1) {
      await world.store.commit(
        [],
        devices.map(({ id }) => ({ type: 'device' as const, subject: `gate/${id}` })),
      );
    }
    const [newest] = await world.store.read<{ id: number }>('SELECT MAX(id) AS id FROM events');
    await vi.waitFor(
      async () => {
        await world.clock.pass(1_000);
        expect(world.warnings).toContain('a reader of the feed was cut off');
      },
      { timeout: 20_000, interval: 20 },
    );
    one.socket.resume();
    await one.until(() => one.closed);
    const whole = one.events;
    expect(whole.at(-1)?.id ?? 0).toBeLessThan(newest!.id);
    const place = one.heard.at(-1)!.id;
    const again = reader(`/api/v1/events?last_event_id=${place}`);
    // Of some 20 MB only the end is looked at while they come.
    await again.until(() => again.text.slice(-100_000).includes(`id: ${newest!.id}\n`));
    expect(again.events.some((e) => e.type === 'reset')).toBe(false);
    const seen = new Set(again.events.map((e) => e.id));
    expect(Math.min(...seen)).toBeLessThanOrEqual(place + 100);
  });

  it('does not hold up the end of the process', async () => {
    const one = reader();
    await one.stands();
    await world.api.close();
    await one.until(() => one.closed);
  });
});
