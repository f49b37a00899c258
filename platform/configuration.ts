import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Document,
  LineCounter,
  isMap,
  isNode,
  isScalar,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { z } from 'zod';

/** One mistake of a configuration file. `line` and `column` count from 1. */
export interface ConfigurationProblem {
  file: string;
  line: number;
  column: number;
  /** As in `devices[2].zone`; empty for the file as a whole. */
  path: string;
  message: string;
}

/** All mistakes of a file at once. Its message has one line each: `file:line:column path: expected …`. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super(
      problems
        .map(({ file, line, column, path, message }) =>
          `${file}:${line}:${column} ${path && `${path}: `}${message}`.trimEnd(),
        )
        .join('\n'),
    );
    this.problems = problems;
  }
}

type Path = readonly (string | number)[];

/** The text behind a configuration, to find the line of a mistake that only shows later. */
export interface ConfigurationSource {
  /** A problem at `path`; where that is not in the file, at the nearest key above it. */
  problemAt(path: Path, message: string): ConfigurationProblem;
}

export interface Configuration<T> {
  value: T;
  source: ConfigurationSource;
}

export interface ConfigurationOptions {
  /** Where `${NAME}` is looked up before the file `secrets` beside it (lines `NAME=value`, for its owner only). */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads a YAML file by its schema (strict objects, so that a typo shows). `${NAME}` in a string stands for a
 * secret; its value appears in no message. Throws a `ConfigurationError` with every mistake found.
 */
export function readConfiguration<S extends z.ZodType>(
  file: string,
  schema: S,
  options: ConfigurationOptions,
): Configuration<z.output<S>> {
  const whole = (message: string) =>
    new ConfigurationError([{ file, line: 1, column: 1, path: '', message }]);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw whole(`cannot be read: ${(error as Error).message}`);
  }
  const secrets = readSecrets(join(dirname(file), 'secrets'));

  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, path: Path, message: string): ConfigurationProblem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: pathText(path), message };
  };
  if (document.errors.length > 0) {
    // A tab makes the parser stumble over all that follows: it alone is what is wrong.
    const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT');
    const errors = tabs.length > 0 ? tabs : document.errors;
    const said = (error: YAMLError) =>
      error.code === 'TAB_AS_INDENT' ? 'a tab at the beginning of a line: YAML wants spaces' : error.message;
    throw new ConfigurationError(errors.map((error) => at(error.pos[0], [], said(error))));
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw whole('is empty: expected keys and values');
  }
  const source: ConfigurationSource = {
    problemAt: (path, message) => at(offsetOf(document, path), path, quoted(document, path, message)),
  };

  const problems: ConfigurationProblem[] = [];
  const used = substitute(document, (name, offset) => {
    const value = options.env[name] ?? secrets.get(name);
    if (value === undefined) {
      problems.push(at(offset, [], `\${${name}} is neither in the environment nor in the secrets file`));
    }
    return value ?? '';
  });
  if (problems.length > 0) throw new ConfigurationError(problems);

  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return { value: parsed.data, source };
  const hidden = (message: string) => used.reduce((text, secret) => text.replaceAll(secret, '***'), message);
  throw new ConfigurationError(
    parsed.error.issues
      .flatMap((issue) => problemsOf(issue, document))
      .map(({ path, message }) => source.problemAt(path, hidden(message)))
      .sort((a, b) => a.line - b.line),
  );
}

interface Found {
  path: Path;
  message: string;
}

function problemsOf(issue: z.core.$ZodIssue, document: Document): Found[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const known = 'expected a key that is known here (is it misspelt?)';
    return issue.keys.map((key) => ({ path: [...path, key], message: known }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The alternative that came closest says most.
    const nearest = issue.errors.toSorted((a, b) => a.length - b.length)[0]!;
    return nearest.flatMap((inner) =>
      problemsOf({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, document),
    );
  }
  if (!document.hasIn(path)) return [{ path, message: `is missing: ${expectation(issue)}` }];
  return [{ path, message: expectation(issue) }];
}

/** zod's own sentence, without its preamble: most begin with `expected …`. */
function expectation(issue: z.core.$ZodIssue): string {
  return issue.message
    .replace(/^(Invalid input|Invalid option|Too big|Too small): /, '')
    .replace(/, received (undefined|NaN)$/, '');
}

function pathText(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : (i > 0 ? '.' : '') + part)).join('');
}

/** Offset of the key (for a map's entry) or of the value at `path`, or of the nearest parent in the file. */
function offsetOf(document: Document, path: Path): number {
  for (let end = path.length; end > 0; end--) {
    const parent = end === 1 ? document.contents : document.getIn(path.slice(0, end - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => String(key) === String(path[end - 1]));
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, end), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** YAML reads digits as a number, and 0x1F or 12e4 too: what was meant as text says how to write it. */
function quoted(document: Document, path: Path, message: string): string {
  const node = path.length > 0 && document.hasIn(path) ? document.getIn(path, true) : null;
  if (!isScalar(node) || typeof node.value !== 'number' || !message.includes('expected string'))
    return message;
  return `is read as a number: put it in quotes, '${node.source ?? String(node.value)}'`;
}

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Puts values in place of `${NAME}` in string values (never in keys), and returns the values used. */
function substitute(document: Document, lookUp: (name: string, offset: number) => string): string[] {
  const used: string[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replace(reference, (_, name: string) => {
        const value = lookUp(name, node.range?.[0] ?? 0);
        if (value !== '') used.push(value);
        return value;
      });
    },
  });
  return used;
}

function readSecrets(file: string): Map<string, string> {
  const fail = (line: number, message: string) =>
    new ConfigurationError([{ file, line, column: 1, path: '', message }]);
  let text: string;
  try {
    // Windows has no such bits.
    const open = process.platform === 'win32' ? 0 : statSync(file).mode & 0o077;
    if (open !== 0) throw fail(1, `others may read this file: run chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    if (error instanceof ConfigurationError) throw error;
    throw fail(1, `cannot be read: ${(error as Error).message}`);
  }
  const secrets = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match === null) throw fail(index + 1, 'expected NAME=value');
    secrets.set(match[1]!, match[2]!);
  }
  return secrets;
}
