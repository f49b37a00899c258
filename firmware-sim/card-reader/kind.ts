import { z } from 'zod';
import { cardFormat, shapes } from '#protocols/card-frames/format.ts';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { serveLine } from '../line.ts';
import { onWire, port, via } from '../wire.ts';

/** The RDM6300 says a card that lies on it again and again. */
const againMs = 65;

const digits = z
  .string()
  .regex(/^[0-9A-Fa-f]{6,14}$/)
  .describe('as the format says it: 010063E9AE; s4a: ten decimal digits; wie232-a: six hex digits');

/** Card readers on a tty or behind a serial device server. */
export const cardReaders = simulatorKind({
  entry: z.strictObject({ id, via, port, format: cardFormat }),
  group: 'card_readers',
  description: z.object({ address: z.string(), format: cardFormat }),
  async start(bench, { id, via, port, format }) {
    const { encode } = shapes[format];
    let behaviour: Behaviour = { kind: 'good' };
    let shown = 0;
    const served = await onWire(bench, { id, via, port }, (wire) => serveLine(bench.listen, wire, () => {}));
    const timers = new Set<() => void>();
    const later = (ms: number, then: () => void) => {
      const cancel = bench.clock.after(ms, () => {
        timers.delete(cancel);
        then();
      });
      timers.add(cancel);
    };

    function say(raw: string): void {
      const frame = encode(raw);
      switch (behaviour.kind) {
        case 'noise':
          served.write(Uint8Array.of(...bench.random.bytes(behaviour.bytes), ...frame));
          break;
        case 'wrong-digit':
          served.write(frame.map((byte, i) => (i === 4 ? byte ^ 0x01 : byte)));
          break;
        case 'loses-a-byte':
          served.write(frame.filter((_, i) => i !== 4));
          break;
        case 'drips':
          frame.forEach((byte, i) => later(i * 20, () => served.write(Uint8Array.of(byte))));
          break;
        case 'dead':
          break;
        default:
          served.write(frame);
      }
    }

    return {
      async close() {
        for (const cancel of timers) cancel();
        await served.close();
      },
      parts: [
        {
          id,
          description: { address: served.address, format },
          wiring: { driver: 'card-reader', address: served.address, format },
          state: () => ({ shown, behaviour }),
          acts: {
            show: act(
              z.strictObject({
                card: digits,
                times: z.int().min(1).max(1000).default(1).describe('how often it is said'),
              }),
              ({ card, times }) => {
                shown += 1;
                say(card);
                for (let i = 1; i < times; i++) later(i * againMs, () => say(card));
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
  z.strictObject({ kind: z.literal('noise'), bytes: z.int().min(1).max(1000).default(40) }),
  z.strictObject({ kind: z.literal('wrong-digit') }),
  z.strictObject({ kind: z.literal('loses-a-byte') }),
  z.strictObject({ kind: z.literal('drips') }),
  z.strictObject({ kind: z.literal('dead') }),
]);
type Behaviour = z.infer<typeof behaviourSchema>;
