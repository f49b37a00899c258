import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { readRules, readTightenedRules } from '#platform/rule-set.ts';
import { tightened, type TighteningRules, tighteningRules } from '#protocols/four-hundred/tightened.ts';

const base = readRules();
const own = { id: 'lakeside', version: '1', name: { zh: '湖滨市规定', en: 'rules of Lakeside' } };
const looserOf = (given: Partial<TighteningRules>) =>
  tightened(base, tighteningRules.parse({ ...own, ...given })).looser.map(({ path }) => path.join('.'));

describe('rules of a city', () => {
  it('what they do not name stays, what they tighten holds, and they go by their own name', () => {
    const { rules, looser } = tightened(
      base,
      tighteningRules.parse({
        ...own,
        one_key_video: {
          video_days: 90,
          zones: { classroom: { video: true } },
          button_proof: { every_days: 7 },
        },
      }),
    );
    expect(looser).toEqual([]);
    expect(rules).toMatchObject({ id: 'lakeside', version: '1', guards: base.guards });
    expect(rules.one_key_video).toMatchObject({
      video_days: 90,
      zones: { classroom: { video: true }, gatehouse: { video: true, button: true } },
      button_proof: { every_days: 7, within_ms: base.one_key_video.button_proof.within_ms },
    });
  });

  it('a whole copy of the national rules under a name of its own asks no less', () => {
    const copy = tighteningRules.parse({ ...base, ...own });
    expect(tightened(base, copy)).toEqual({ rules: { ...base, ...own }, looser: [] });
    expect(tightened(base, tighteningRules.parse(base)).looser.map(({ path }) => path)).toEqual([['id']]);
  });

  it.each<[string, Partial<TighteningRules>, string]>([
    ['fewer days of video', { one_key_video: { video_days: 29 } }, 'one_key_video.video_days'],
    ['a longer grace', { closed_campus: { open_grace_s: 121 } }, 'closed_campus.open_grace_s'],
    [
      'a proof less often',
      { one_key_video: { button_proof: { every_days: 32 } } },
      'one_key_video.button_proof.every_days',
    ],
    [
      'a proof that ends at the door',
      { one_key_video: { button_proof: { up_to: 'door' } } },
      'one_key_video.button_proof.up_to',
    ],
    [
      'a zone without its video',
      { one_key_video: { zones: { corridor: { video: false } } } },
      'one_key_video.zones.corridor',
    ],
    [
      'a role less',
      { crossing_post: { roles: ['leader', 'teacher', 'guard', 'parent'] } },
      'crossing_post.roles',
    ],
    ['fewer guards somewhere', { guards: { day_pupils: [{ from: 0, guards: 2 }] } }, 'guards.day_pupils'],
    ['fewer polls in more days', { guards: { polls_days: 14 } }, 'guards.polls_at_least'],
    ['rounds on school days only', { guards: { rounds_on: 'school-days' } }, 'guards.rounds_on'],
    ['drills less often', { drills: { usual: 'quarter' } }, 'drills'],
    ['no post at the gatehouse', { guards: { posts: [] } }, 'guards.posts'],
    ['a longer return', { return_s: 181 }, 'return_s'],
  ])('%s is refused by its field', (_, given, path) => {
    expect(looserOf(given)).toContain(path);
  });

  it('every threshold of the national rules can be tightened in one direction and not in the other', () => {
    const numbers: string[][] = [];
    const walk = (value: unknown, path: string[]) => {
      if (typeof value === 'number') numbers.push(path);
      else if (typeof value === 'object' && value !== null && !Array.isArray(value))
        for (const [key, inside] of Object.entries(value)) walk(inside, [...path, key]);
    };
    walk(base, []);
    expect(numbers.length).toBeGreaterThan(20);
    for (const path of numbers) {
      const moved = (change: number) => {
        const copy = structuredClone(base) as unknown as Record<string, unknown>;
        let at: Record<string, unknown> = copy;
        for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
        at[path.at(-1)!] = (at[path.at(-1)!] as number) + change;
        // Twice the polls: so that a longer look back is not fewer of them.
        if (path.at(-1) === 'polls_days') (copy['guards'] as { polls_at_least: number }).polls_at_least *= 2;
        const parsed = tighteningRules.safeParse({ ...copy, ...own });
        return parsed.success ? tightened(base, parsed.data).looser.length === 0 : null;
      };
      const answers = [moved(1), moved(-1), moved(0.01), moved(-0.01)];
      expect(answers, path.join('.')).toContain(true);
      expect(answers, path.join('.')).toContain(false);
    }
  });

  it('a file that asks less is refused with its line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'belfry-rules-'));
    try {
      const file = join(folder, 'rules.yaml');
      writeFileSync(file, `id: a\nversion: '1'\nname: { zh: 甲, en: A }\nguards:\n  rounds_per_day: 4\n`);
      expect(() => readTightenedRules(file)).toThrow(
        /rules\.yaml:5:\d+ guards\.rounds_per_day: .*5 at least/,
      );
      writeFileSync(file, `id: a\nversion: '1'\nname: { zh: 甲, en: A }\nguards:\n  rounds_a_day: 6\n`);
      expect(() => readTightenedRules(file)).toThrow(/rounds_a_day/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('the example of the page is a set that asks no less', () => {
    const page = readFileSync(new URL('../../../docs/four-hundred.md', import.meta.url), 'utf8');
    const [, text] = /```yaml\n# lakeside-rules\.yaml[^\n]*\n([^`]+)```/.exec(page) ?? [];
    expect(tightened(base, tighteningRules.parse(parse(text!))).looser).toEqual([]);
  });
});
