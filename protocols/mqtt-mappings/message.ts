import type { Reading } from './mapping.ts';

export type Value = string | number | boolean;

/** The longest message that is read, in bytes. */
const longest = 65_536;
const decoder = new TextDecoder('utf-8', { fatal: true });

export type Message =
  { ok: true; body: unknown } | { ok: false; problem: 'too-long' | 'no-text' | 'no-json' };

/** The body of a message. Never throws. */
export function readMessage(payload: Uint8Array, kind: 'json' | 'text'): Message {
  if (payload.length > longest) return { ok: false, problem: 'too-long' };
  let text: string;
  try {
    text = decoder.decode(payload);
  } catch {
    return { ok: false, problem: 'no-text' };
  }
  if (kind === 'text') return { ok: true, body: text.trim() };
  try {
    return { ok: true, body: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, problem: 'no-json' };
  }
}

/** What one reading finds in a body. `absent`: this message does not speak of it. */
export type Found =
  | { kind: 'absent' }
  | { kind: 'strange'; field: string; value: string }
  | { kind: 'level'; raises: Extract<Reading, { is: 'level' }>['raises']; up: boolean }
  | { kind: 'contact'; open: boolean }
  | { kind: 'action'; type: 'press' | 'long-press' }
  | { kind: 'measure'; name: string; value: number; unit: string; low: boolean }
  | { kind: 'availability'; online: boolean };

export function find(reading: Reading, body: unknown): Found {
  const value = at(body, reading.field);
  if (value === undefined || value === null) return { kind: 'absent' };
  const strange = (): Found => ({
    kind: 'strange',
    field: reading.field ?? 'the message',
    value: JSON.stringify(value).slice(0, 60),
  });
  const oneOf = (list: readonly Value[]) => list.some((v) => v === value);
  switch (reading.is) {
    case 'measure': {
      if (typeof value !== 'number') return strange();
      const { name, unit, low } = reading;
      return { kind: 'measure', name, value, unit, low: low !== undefined && value < low };
    }
    case 'level':
      if (oneOf(reading.up)) return { kind: 'level', raises: reading.raises, up: true };
      return oneOf(reading.down) ? { kind: 'level', raises: reading.raises, up: false } : strange();
    case 'contact':
      if (oneOf(reading.open)) return { kind: 'contact', open: true };
      return oneOf(reading.closed) ? { kind: 'contact', open: false } : strange();
    case 'availability':
      if (oneOf(reading.online)) return { kind: 'availability', online: true };
      return oneOf(reading.offline) ? { kind: 'availability', online: false } : strange();
    case 'action':
      if (oneOf(reading.press)) return { kind: 'action', type: 'press' };
      if (oneOf(reading.long_press)) return { kind: 'action', type: 'long-press' };
      return typeof value === 'string' ? { kind: 'absent' } : strange();
  }
}

/** Own keys only: a message must not reach into what every object has. */
function at(body: unknown, field: string | undefined): unknown {
  if (field === undefined) return body;
  let here = body;
  for (const key of field.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}
