import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = ['bin', 'cli', 'edge', 'cloud', 'protocols', 'platform', 'firmware-sim', 'bench', 'tests'];

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'dist' || entry.name === 'node_modules' ? [] : filesUnder(path);
    return /\.(ts|tsx|mjs)$/.test(entry.name) && !entry.name.includes('.d.') ? [path] : [];
  });
}

const files = sources
  .flatMap(filesUnder)
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** What the alarm path may ask of the world only through its ports (`platform/ports.ts`). */
const banned: [RegExp, string][] = [
  [/\bDate\.now\(|new Date\(\)/, 'the wall clock: use ports.clock.wall()'],
  [/\bperformance\.now\(/, 'a clock: use ports.clock.monotonic()'],
  [/\bMath\.random\(|randomUUID|randomBytes/, 'randomness: use ports.random'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'a timer: use ports.clock.after()'],
  [/AbortSignal\.timeout/, 'a timer: use ports.clock.after()'],
  [/from 'node:(net|fs|fs\/promises|dgram|tls|http|https|worker_threads|sqlite)'/, 'I/O: use a port'],
  [/from '(mqtt|serialport|aedes)'/, 'I/O: use a port'],
];
/** What meets the world by itself because it is not on the alarm path. */
const offThePath = [
  // The machine that the edge runs on: files of the kernel, the free space of a disk.
  /^edge\/drivers\/gateway\/readings\.ts$/,
  /^edge\/drivers\/(onvif|modbus)/,
  /^cloud\/(api|console|notify|telemetry)\//,
  /^cloud\/broker\//,
  /^platform\/(real|simulated)\//,
  // Files that are read before anything starts; SQLite itself, in the worker of the real port and inside the simulated one.
  /^platform\/(sqlite|configuration|modbus-models|mqtt-mappings)\.ts$/,
];

describe('style', () => {
  it('the alarm path asks the world for nothing but through its ports', () => {
    const path = files.filter(
      ({ path }) => /^(edge|cloud|platform|protocols)\//.test(path) && !offThePath.some((r) => r.test(path)),
    );
    expect(path.length).toBeGreaterThan(20);
    const found = path.flatMap(({ path, text }) =>
      banned.filter(([pattern]) => pattern.test(text)).map(([, what]) => `${path}: ${what}`),
    );
    expect(found).toEqual([]);
  });

  it('a source file is about one thing: no more long ones than there were', () => {
    const longest = 350;
    // A ratchet: a file may only leave this list.
    const known: string[] = [];
    const long = files
      .filter(({ path }) => !path.startsWith('tests/'))
      .filter(({ text }) => text.split('\n').length > longest)
      .map(({ path }) => path);
    expect(long.filter((path) => !known.includes(path))).toEqual([]);
  });

  it('no source file is dead: each is imported, started or tested by another', () => {
    const self = 'tests/style/style.test.ts';
    const all = files.map(({ path, text }) => (path === self ? '' : text)).join('\n');
    const started = ['package.json', 'cloud/console/index.html']
      .map((path) => readFileSync(join(root, path), 'utf8'))
      .join('\n');
    const dead = files
      .filter(({ path }) => !path.startsWith('tests/') && !path.startsWith('bench/'))
      .filter(({ path }) => {
        const name = path.split('/').at(-1)!;
        return !new RegExp(`['"/]${name.replaceAll('.', '\\.')}['"]`).test(all) && !started.includes(name);
      })
      .map(({ path }) => path);
    expect(dead).toEqual([]);
  });

  it('no file is called by a word that could hold anything', () => {
    const vague = files
      .map(({ path }) => path)
      .filter((path) => /\b(utils?|helpers?|managers?|misc|common)\b/i.test(path));
    expect(vague).toEqual([]);
  });

  it('every dependency has its line in docs/decisions', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    const page = readFileSync(join(root, 'docs/decisions/dependencies.md'), 'utf8');
    const all = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(all.filter((name) => !name.startsWith('@types/') && !page.includes(`\`${name}\``))).toEqual([]);
    expect(Object.values({ ...dependencies, ...devDependencies }).filter((v) => !/^\d/.test(v))).toEqual([]);
  });

  it('the lockfile names no registry', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
  });

  it('every promise of docs/guarantees.md names a test that exists', () => {
    const page = readFileSync(join(root, 'docs/guarantees.md'), 'utf8');
    const named = [...page.matchAll(/`(tests\/[^`]+)` “([^”]+)”/g)];
    expect(named.length).toBeGreaterThan(30);
    const missing = named.filter(
      ([, file, title]) => !files.find(({ path }) => path === file)?.text.includes(title!),
    );
    expect(missing.map(([text]) => text)).toEqual([]);
  });

  it('documents link to, and name, only files that exist', () => {
    const pages = [
      'README.md',
      'README.zh-CN.md',
      ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((n) => join('docs', n)),
    ];
    const broken = pages
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) => {
        const text = readFileSync(join(root, page), 'utf8');
        const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, at]) =>
          join(page, '..', at!),
        );
        const named = [...text.matchAll(/`([a-z-]+\/[\w./-]+)`/g)]
          .map(([, path]) => path!)
          .filter((path) => sources.includes(path.split('/')[0]!));
        return [...linked, ...named]
          .filter((target) => statSync(join(root, target), { throwIfNoEntry: false }) === undefined)
          .map((target) => `${page} → ${relative('.', target)}`);
      });
    expect(broken).toEqual([]);
  });
});
