import { z } from 'zod';
import { nutName, writeNutVariable } from '#protocols/nut.ts';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { port } from '../wire.ts';

const minuteMs = 60_000;
/** A question is not longer; what is, is not one. */
const longestQuestion = 512;

/** UPSs behind a server of Network UPS Tools (RFC 9271), each behind one of its own. */
export const upses = simulatorKind({
  entry: z.strictObject({
    id,
    port,
    runtime_min: z.number().min(1).max(600).default(30).describe('how long a full battery lasts'),
  }),
  group: 'upses',
  description: z.object({ address: z.string() }),
  async start(bench, { id, port, runtime_min }) {
    const { clock } = bench;
    let behaviour: Behaviour = { kind: 'good' };
    let battery = { percent: 100, at: clock.monotonic() };
    let mains = true;
    let wornOut = false;

    /** The charge now: on battery it runs down, on mains it fills ten times as slowly. */
    function percent(): number {
      const now = clock.monotonic();
      const change = (100 * (now - battery.at)) / (runtime_min * minuteMs);
      const moved = battery.percent + (mains ? change / 10 : -change);
      battery = { percent: Math.min(100, Math.max(0, moved)), at: now };
      return battery.percent;
    }

    function variables(): Record<string, string> {
      const left = percent();
      const status = [mains ? 'OL' : 'OB', ...(left < 20 ? ['LB'] : []), ...(wornOut ? ['RB'] : [])];
      return {
        'battery.charge': String(Math.round(left)),
        'battery.runtime': String(Math.round((left / 100) * runtime_min * 60)),
        'device.type': 'ups',
        'ups.load': '18',
        'ups.model': 'Simulated "1000"',
        'ups.status': status.join(' '),
      };
    }

    function answer(question: string): string {
      const [, name = ''] = /^LIST VAR (\S+)$/.exec(question.trim()) ?? [];
      if (!nutName.test(name)) return 'ERR UNKNOWN-COMMAND\n';
      if (behaviour.kind === 'error') return `ERR ${behaviour.code}\n`;
      if (name !== id) return 'ERR UNKNOWN-UPS\n';
      const lines = Object.entries(variables()).map(([key, value]) => writeNutVariable(name, key, value));
      return `BEGIN LIST VAR ${name}\n${lines.join('')}END LIST VAR ${name}\n`;
    }

    const listener = await bench.atPort(port, (at) =>
      bench.listen.listen({ host: bench.host, port: at }, (stream) => {
        let question = '';
        let cancelDrip = () => {};
        const write = (bytes: Uint8Array) => stream.write(bytes);
        const say = (text: string): void => {
          const bytes = new TextEncoder().encode(text);
          switch (behaviour.kind) {
            case 'hangs':
              return;
            case 'noise':
              return write(Uint8Array.of(...bench.random.bytes(200), 0x0a, ...bytes));
            case 'endless':
              return write(new Uint8Array(1 << 20).fill(0x41));
            case 'drips': {
              let i = 0;
              const drip = () => {
                if (i >= bytes.length) return;
                write(bytes.subarray(i, ++i));
                cancelDrip = clock.after(200, drip);
              };
              return drip();
            }
            case 'closes':
              return stream.close();
            default:
              write(bytes);
          }
        };
        return {
          onData(bytes) {
            question = (question + new TextDecoder().decode(bytes)).slice(-longestQuestion);
            const lines = question.split('\n');
            question = lines.pop()!;
            for (const line of lines) say(answer(line));
          },
          onClose: () => cancelDrip(),
        };
      }),
    );
    const address = `tcp://${bench.host}:${listener.port}`;

    return {
      close: () => listener.close(),
      parts: [
        {
          id,
          description: { address },
          wiring: { driver: 'ups', address, ups: id },
          state: () => ({ mains, battery_percent: Math.round(percent()), behaviour }),
          acts: {
            mains: act(z.strictObject({ on: z.boolean() }), ({ on }) => {
              percent();
              mains = on;
            }),
            battery: act(
              z.strictObject({
                percent: z.number().min(0).max(100).optional(),
                worn_out: z.boolean().optional().describe('it asks for a new one'),
              }),
              ({ percent: wanted, worn_out }) => {
                if (wanted !== undefined) battery = { percent: wanted, at: clock.monotonic() };
                wornOut = worn_out ?? wornOut;
              },
            ),
            behave: act(behaviourSchema, (wanted) => void (behaviour = wanted)),
          },
        },
      ],
    };
  },
});

const behaviourSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('good') }),
  z.strictObject({
    kind: z.literal('error'),
    code: z.enum(['DATA-STALE', 'DRIVER-NOT-CONNECTED', 'ACCESS-DENIED', 'UNKNOWN-UPS']),
  }),
  z.strictObject({ kind: z.enum(['hangs', 'noise', 'endless', 'drips', 'closes']) }),
]);
type Behaviour = z.infer<typeof behaviourSchema>;
