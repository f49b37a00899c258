import { centres, type City } from './city.ts';
import type { Named } from './names.ts';
import type { Plan } from './plan.ts';

const columns = ['button', 'edge', 'broker', 'cloud', ...centres] as const;
type Column = (typeof columns)[number];
const width = 30;
/** Lines of a story, and of what goes wrong around it, ms before and after. */
const longest = 120;

/**
 * What touched the press of the first wrong, one column for each machine, with what went wrong meanwhile. Empty when
 * nothing was written down.
 */
export function tell(city: City, plan: Plan): string[] {
  const [[promise, wrongs] = []] = Object.entries(city.findings.wrongs);
  const { trace } = city.world;
  if (promise === undefined || wrongs?.[0] === undefined || trace.length === 0) return [];
  const about = wrongs[0];
  const pressed = city.ledger.all.find(
    ({ finger }) => about.startsWith(finger) || about.includes(` ${finger}`),
  );
  const named = pressed === undefined ? [] : city.names.of(pressed, city.ledger.all);
  const names = named.map(({ name }) => name);
  const told = pressed === undefined ? [about] : [pressed.finger, ...names];
  const frames = pressed === undefined ? [] : framesOf(named);
  const cells = trace.flatMap((line) => cellOf(line, told, frames) ?? []);
  const own = cells.filter((cell) => cell.own);
  const from = (own[0]?.at ?? 0) - 2000;
  const to = own.at(-1)?.at ?? Infinity;
  const shown = cells.filter((cell) => cell.own || (cell.at >= from && cell.at <= to));
  return [
    `${promise}: ${about}`,
    `${plan.presses.length} presses, ${plan.strikes.length} troubles, ${plan.badBroker ? 'a bad broker' : 'a good broker'}, ${plan.direct ? 'a direct path' : 'no direct path'}`,
    '',
    ['ms'.padEnd(11), ...columns.map((column) => column.padEnd(width))].join(' ').trimEnd(),
    ...shorten(shown).map(({ at, column, text }) => row(at, column, text)),
  ];
}

interface Cell {
  at: number;
  column: Column | null;
  text: string;
  /** It is about the press itself. */
  own: boolean;
}

function shorten(cells: Cell[]): Cell[] {
  if (cells.length <= longest) return cells;
  const half = longest / 2;
  const left = { at: cells[half]!.at, column: null, text: `… ${cells.length - longest} more …`, own: false };
  return [...cells.slice(0, half), left, ...cells.slice(-half)];
}

function row(at: number, column: Column | null, text: string): string {
  const time = at.toFixed(1).padStart(10);
  if (column === null) return `${time}  ── ${text}`;
  return `${time}  ${' '.repeat(columns.indexOf(column) * (width + 1))}${text}`;
}

/** `sequence data [H]` of every name of the press, as a centre notes it. */
function framesOf(named: readonly Named[]): string[] {
  return named.map(({ identity }) => {
    const [, sequence, data, h] = JSON.parse(identity) as [string, number, string, string | null];
    return `takes ${sequence} ${data} ${h ?? 'without a time'}`;
  });
}

function cellOf(line: string, told: readonly string[], frames: readonly string[]): Cell | null {
  const space = line.indexOf(' ');
  const at = Number(line.slice(0, space));
  const what = line.slice(space + 1);
  const world = /^(trouble: .*|all is mended|the outbox is put back.*|the cloud's store is put back.*)$/.exec(
    what,
  );
  if (world) return { at, column: null, text: what, own: false };
  const message = /^the broker gets \S+\/(\w+) (.*)$/.exec(what);
  if (message) {
    const [, lane, payload] = message as unknown as [string, string, string];
    const text = messageText(lane, payload, told);
    return text === null ? null : { at, column: 'broker', text, own: true };
  }
  if (/^the broker (stops|starts)/.test(what))
    return { at, column: 'broker', text: what.slice(11), own: false };
  const machine = /^(edge|cloud|unit-\d+|city-110|district) (.*)$/.exec(what);
  if (!machine) return null;
  const [, who, rest] = machine as unknown as [string, string, string];
  const column = (who.startsWith('unit-') ? 'button' : who) as Column;
  if (/^(boots|crashes)/.test(rest))
    return column === 'button' ? null : { at, column, text: rest.toUpperCase(), own: false };
  if (frames.includes(rest)) return { at, column, text: 'takes the frame', own: true };
  const about = told.find((name) => rest.includes(`"${name}"`) || rest.endsWith(`: ${name}`));
  if (about === undefined) return null;
  return { at, column, text: logText(rest, about), own: true };
}

/** An alarm-lane or receipt-lane message as people say it, when it is about the press. */
function messageText(lane: string, payload: string, told: readonly string[]): string | null {
  if (lane !== 'alarm' && lane !== 'receipt') return null;
  const message = JSON.parse(payload) as {
    kind: string;
    name?: { gateway: string; epoch: string; n: number };
    copy?: number;
    revision?: number;
    state?: string;
  };
  if (message.name === undefined) return null;
  const { gateway, epoch, n } = message.name;
  if (!told.includes(`${gateway}.${epoch}.alarm.${n}`)) return null;
  if (message.kind === 'alarm') return `↑ copy ${message.copy} of ${n}`;
  if (message.kind === 'report') return `↑ report ${message.revision} on ${n}`;
  return `↓ ${message.state ?? message.kind}: ${n}`;
}

/** A line of a log without its level, and with the number instead of the name. */
function logText(rest: string, about: string): string {
  const [, message, json] = /^(?:(?:info|warn|error) )?(.*?)(?: (\{.*\}))?$/.exec(rest)!;
  if (json === undefined) return message!.replace(`: ${about}`, '');
  const fields = Object.entries(JSON.parse(json) as Record<string, unknown>)
    .filter(
      ([key, value]) => value !== about && ['reason', 'lamp', 'ms', 'copy', 'centre', 'fault'].includes(key),
    )
    .map(([key, value]) => `${key} ${String(value)}`);
  const n = about.slice(about.lastIndexOf('.') + 1);
  return `${message} ${about.includes('.alarm.') ? n : ''}${fields.length > 0 ? ` (${fields.join(', ')})` : ''}`.trim();
}
