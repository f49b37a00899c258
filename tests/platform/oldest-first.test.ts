import { describe, expect, test } from 'vitest';
import type { Clock } from '#platform/ports.ts';
import { OldestFirst } from '#platform/oldest-first.ts';
import { HandClock } from '../cloud/fake-ports.ts';

function queue(atOnce: number) {
  const clock = new HandClock();
  const begun: string[] = [];
  const turns = new OldestFirst<string>(clock satisfies Clock, { atOnce, patienceMs: 1000 });
  const ask = (key: string, pressedAt: number) => turns.ask(key, pressedAt, () => begun.push(key));
  return { clock, begun, turns, ask };
}

describe('what has been pending for long', () => {
  test('goes oldest first, so many unanswered at once', () => {
    const { begun, turns, ask } = queue(2);
    ask('c', 30);
    ask('d', 40);
    ask('b', 20);
    ask('a', 10);
    ask('b2', 20);
    expect(begun).toEqual(['c', 'd']);
    turns.answered('d');
    expect(begun).toEqual(['c', 'd', 'a']);
    turns.answered('c');
    turns.answered('a');
    expect(begun).toEqual(['c', 'd', 'a', 'b', 'b2']);
  });

  test('that is not answered loses its turn, and may ask again', async () => {
    const { clock, begun, ask } = queue(1);
    ask('a', 10);
    ask('b', 20);
    await clock.pass(999);
    expect(begun).toEqual(['a']);
    await clock.pass(1);
    expect(begun).toEqual(['a', 'b']);
    ask('a', 10);
    await clock.pass(1000);
    expect(begun).toEqual(['a', 'b', 'a']);
  });

  test('lets all others try before it tries again in vain', async () => {
    const { clock, begun, turns, ask } = queue(1);
    ask('a', 10);
    for (const [i, key] of ['b', 'c', 'd'].entries()) ask(key, 20 + i);
    turns.unanswered('a');
    ask('a', 10);
    await clock.pass(3000);
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'a']);
    turns.answered('a');
    ask('e', 30);
    ask('f', 40);
    ask('a', 10);
    turns.answered('e');
    expect(begun.slice(5)).toEqual(['e', 'a']);
  });

  test('is in the queue once, by what it asked last', () => {
    const { begun, turns, ask } = queue(1);
    ask('a', 10);
    ask('b', 20);
    turns.ask('b', 20, () => begun.push('b anew'));
    turns.answered('a');
    turns.answered('b');
    expect(begun).toEqual(['a', 'b anew']);
  });

  test('and wants nothing any more takes no turn from another', () => {
    const { begun, turns, ask } = queue(1);
    ask('a', 10);
    ask('b', 20);
    ask('c', 30);
    turns.leave('b');
    expect(begun).toEqual(['a']);
    turns.leave('a');
    expect(begun).toEqual(['a', 'c']);
  });

  test('and is at it speaks again at once: its turn is its own until it is answered', async () => {
    const { clock, begun, ask } = queue(1);
    ask('a', 10);
    ask('b', 5);
    ask('a', 10);
    expect(begun).toEqual(['a', 'a']);
    expect(begun).toEqual(['a', 'a']);
    await clock.pass(600);
    ask('a', 10);
    await clock.pass(400);
    expect(begun).toEqual(['a', 'a', 'a', 'b']);
  });

  test('is not forgotten where an answer to something earlier comes while it waits', () => {
    const { begun, turns, ask } = queue(1);
    ask('a', 10);
    ask('b', 20);
    turns.answered('b');
    turns.answered('a');
    expect(begun).toEqual(['a', 'b']);
  });

  test('may be ten thousand, and all of them for nothing', () => {
    const { begun, turns, ask } = queue(1);
    ask('first', 0);
    for (let i = 1; i <= 10_000; i++) turns.ask(String(i), i, () => turns.leave(String(i)));
    ask('last', 20_000);
    turns.answered('first');
    expect(begun).toEqual(['first', 'last']);
  });
});
