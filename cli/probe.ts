import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { apiAlarm, itemsOf, type ApiAlarm } from '#protocols/api.ts';
import { lampState, originText } from '#protocols/signal.ts';
import { pressed, simulatedButton } from '#sim/button/part.ts';
import { simulatedHardware } from '#sim/description.ts';
import { UserError } from './service.ts';

export interface ProbeOptions {
  url?: string;
  tokenFile?: string;
  sim?: string;
  data: string;
  button?: string;
  json: boolean;
  timeout: number;
}

/**
 * `belfry probe`: presses a simulated button through the simulator's control door and follows the press by the
 * cloud's API. It knows no real button, so it can never press one.
 */
export async function probe(options: ProbeOptions): Promise<void> {
  const sim = hardwareIn(options);
  const token = read(options, 'cli-token', options.tokenFile, '--token-file').trim();
  const url = (options.url ?? read(options, 'url', undefined, '--url')).trim().replace(/\/$/, '');
  if (!URL.canParse(url)) throw new UserError(`${url} is no address: give --url as in http://127.0.0.1:8110`);
  const deadline = performance.now() + options.timeout * 1000;

  const hardware = <T extends z.ZodType>(path: string, schema: T, body?: unknown) =>
    ask(`${sim.control.url}${path}`, sim.control.token, schema, body);
  // Before a press that nobody could follow.
  const alarms = () => ask(`${url}/api/v1/alarms?limit=50`, token, itemsOf(apiAlarm));
  await alarms();
  const button = options.button ?? (await leastRecentlyPressed(hardware));
  const origin = await hardware(`/buttons/${encodeURIComponent(button)}/press`, pressed, { type: 'press' });
  if (!options.json) process.stdout.write(`pressed ${button}\n`);

  let alarm: ApiAlarm | undefined;
  let lamp: z.infer<typeof lampState> | null = null;
  while (performance.now() < deadline) {
    const unit = await hardware(`/buttons/${encodeURIComponent(button)}`, simulatedButton);
    lamp = unit.lamp?.counter === origin.counter ? unit.lamp.state : null;
    const { items } = await alarms();
    alarm = items.find((a) => a.origin === originText(origin) && a.place.device === button);
    if (lamp === 'delivered' && alarm?.stages.some((s) => s.name === 'lamp')) break;
    await new Promise((done) => setTimeout(done, 20));
  }

  const result = {
    button,
    alarm: alarm?.id ?? null,
    lamp,
    total_ms: alarm?.total_ms ?? null,
    stages: alarm?.stages ?? [],
  };
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : waterfall(result));
  if (lamp !== 'delivered') process.exitCode = 1;
}

interface Result {
  alarm: string | null;
  lamp: string | null;
  total_ms: number | null;
  stages: ApiAlarm['stages'];
}

function waterfall({ alarm, lamp, total_ms, stages }: Result): string {
  const last = Math.max(1, ...stages.map((s) => s.ms));
  const rows = stages.map(({ name, ms }) => {
    const at = Math.max(0, Math.min(40, Math.round((ms / last) * 40)));
    return `  ${name.padEnd(12)}${ms.toFixed(1).padStart(9)} ms  ${' '.repeat(at)}▏`;
  });
  const summary =
    lamp === 'delivered'
      ? `110 has it: ${total_ms === null ? '(not yet reported)' : `${total_ms.toFixed(1)} ms`} from the finger to the receipt`
      : `the lamp says ${lamp ?? 'nothing'}: the press did not reach 110 in time`;
  return `${[`alarm ${alarm ?? '(not seen by the cloud)'}`, ...rows, summary].join('\n')}\n`;
}

type Ask = <T extends z.ZodType>(path: string, schema: T, body?: unknown) => Promise<z.infer<T>>;

async function leastRecentlyPressed(hardware: Ask): Promise<string> {
  const { items } = await hardware('/buttons', itemsOf(simulatedButton));
  const [first] = items.toSorted((a, b) => (a.pressed_at ?? 0) - (b.pressed_at ?? 0));
  if (first === undefined) throw new UserError('The simulated campus has no button to press.');
  return first.id;
}

/** What a door says beside its status: `detail` is a sentence. */
const refusal = z.object({ detail: z.string() });

/** Asks a door; every way to fail is one sentence that says what to do. */
async function ask<T extends z.ZodType>(
  url: string,
  token: string,
  schema: T,
  body?: unknown,
): Promise<z.infer<T>> {
  const { origin } = new URL(url);
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new UserError(`${origin} does not answer (${cause}): start \`belfry up\`, or give its address.`);
  }
  const said: unknown = await answer.json().catch(() => null);
  if (answer.status === 401) {
    throw new UserError(
      `${origin} does not take this token: it is of an earlier start or of another folder; give --data.`,
    );
  }
  if (!answer.ok) {
    const told = refusal.safeParse(said);
    throw new UserError(told.success ? told.data.detail : `${origin} answered ${answer.status}: try again.`);
  }
  const parsed = schema.safeParse(said);
  if (parsed.success) return parsed.data;
  throw new UserError(`${origin} is not Belfry, or of another version: give the address of \`belfry up\`.`);
}

/** Reads what \`up\` has written into its folder, or the file that an option names in its place. */
function read({ data }: ProbeOptions, name: string, given: string | undefined, option: string): string {
  const path = given ?? join(data, name);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    if (given !== undefined) throw new UserError(`${path} cannot be read: check ${option}.`);
    throw new UserError(
      `${path} is not there: start \`belfry up --data ${data}\`, or give its folder with --data.`,
    );
  }
}

function hardwareIn(options: ProbeOptions) {
  const text = read(options, 'sim.json', options.sim, '--sim');
  try {
    return simulatedHardware.parse(JSON.parse(text));
  } catch {
    throw new UserError(
      `${options.sim ?? join(options.data, 'sim.json')} does not describe a simulator of this version: start \`belfry up\` or \`belfry sim\` anew.`,
    );
  }
}
