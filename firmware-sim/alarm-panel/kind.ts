import { z } from 'zod';
import type { ContactIdEvent } from '#protocols/contact-id.ts';
import { ack, nak, panelFormat, panelShapes } from '#protocols/panel-printer/format.ts';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { serveLine } from '../line.ts';
import { onWire, port, via } from '../wire.ts';

/** Sur-Gard MLR2: the computer has 4 s to acknowledge; 3 resends, then the rest waits for a heartbeat that is. */
const answerMs = 4000;
const resends = 3;
const heartbeatMs = 30_000;
/** Events that the panel holds; the oldest gives way. */
const held = 500;

const behaviourSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('good') }),
  z.strictObject({ kind: z.literal('noise'), bytes: z.int().min(1).max(1000).default(40) }),
  z.strictObject({ kind: z.literal('loses-a-byte') }),
  z.strictObject({ kind: z.literal('drips') }),
  z.strictObject({ kind: z.literal('deaf') }).describe('hears no ACK: prints everything again'),
  z.strictObject({ kind: z.literal('other-format') }).describe('prints SIA instead of Contact ID'),
  z.strictObject({ kind: z.literal('dead') }),
]);
type Behaviour = z.infer<typeof behaviourSchema>;

const eventSchema = z.strictObject({
  code: z
    .string()
    .regex(/^[1-9][0-9]{2}$/)
    .describe('Contact ID event: 130 burglary, 301 mains, 602 periodic test'),
  what: z.enum(['new', 'restore', 'still']).default('new'),
  partition: z.int().min(0).max(99).default(1),
  number: z.int().min(0).max(999).default(0).describe('zone, or user'),
  of: z.enum(['zone', 'user']).default('zone'),
});
const qualifiers = { new: 1, restore: 3, still: 6 } as const;

/** Intruder alarm panels that print Contact ID on a tty or behind a serial device server. */
export const alarmPanels = simulatorKind({
  entry: z.strictObject({
    id,
    via,
    port,
    format: panelFormat.default('surgard-mlr2'),
    account: z
      .string()
      .regex(/^[0-9A-F]{4}$/)
      .default('1234'),
  }),
  group: 'alarm_panels',
  description: z.object({ address: z.string(), format: panelFormat, account: z.string() }),
  async start(bench, { id, via, port, format, account }) {
    const shape = panelShapes[format];
    let behaviour: Behaviour = { kind: 'good' };
    let queue: Uint8Array[] = [];
    let tries = 0;
    /** Given up until a heartbeat is acknowledged. */
    let waiting = false;
    let heartbeatOpen = false;
    const counts = { printed: 0, acknowledged: 0, dropped: 0 };
    const served = await onWire(bench, { id, via, port }, (wire) => serveLine(bench.listen, wire, receive));
    const timers = new Set<() => void>();
    const later = (ms: number, then: () => void) => {
      const cancel = bench.clock.after(ms, () => {
        timers.delete(cancel);
        then();
      });
      timers.add(cancel);
      return () => {
        timers.delete(cancel);
        cancel();
      };
    };
    let cancelAnswer = () => {};

    function receive(bytes: Uint8Array): void {
      if (behaviour.kind === 'deaf' || behaviour.kind === 'dead') return;
      const [line] = queue;
      if (bytes.includes(nak) && line !== undefined && tries > 0 && tries <= resends) {
        cancelAnswer();
        return attempt(line);
      }
      if (!bytes.includes(ack)) return;
      if (heartbeatOpen) {
        heartbeatOpen = false;
        waiting = false;
        return print();
      }
      if (queue.length === 0 || tries === 0) return;
      cancelAnswer();
      queue.shift();
      counts.acknowledged += 1;
      tries = 0;
      print();
    }

    /** The first of the queue, once more where it is not acknowledged in time. */
    function print(): void {
      const [line] = queue;
      if (line === undefined || waiting || tries > 0) return;
      attempt(line);
    }
    function attempt(line: Uint8Array): void {
      tries += 1;
      say(line);
      cancelAnswer = later(answerMs, () => {
        if (tries <= resends) return attempt(line);
        tries = 0;
        // 685 has no heartbeat to wait for.
        if (shape.heartbeat === null) attempt(line);
        else waiting = true;
      });
    }

    function say(line: Uint8Array): void {
      counts.printed += 1;
      switch (behaviour.kind) {
        case 'noise':
          return served.write(Uint8Array.of(...bench.random.bytes(behaviour.bytes), ...line));
        case 'loses-a-byte':
          return served.write(line.filter((_, i) => i !== 6));
        case 'drips':
          return line.forEach((byte, i) => void later(i * 20, () => served.write(Uint8Array.of(byte))));
        case 'dead':
          return;
        default:
          return served.write(line);
      }
    }

    function beat(): void {
      later(heartbeatMs, beat);
      if (shape.heartbeat === null || behaviour.kind === 'dead') return;
      // Between an event and its ACK nothing is printed.
      if (tries > 0) return;
      heartbeatOpen = true;
      served.write(shape.heartbeat);
    }
    beat();

    function add(event: ContactIdEvent, of: 'zone' | 'user'): void {
      const line =
        behaviour.kind === 'other-format'
          ? Uint8Array.of(...new TextEncoder().encode(`S011[#${account}|NBA${event.zone}]`), shape.end)
          : shape.encode(event, of);
      queue.push(line);
      if (queue.length > held) {
        counts.dropped += 1;
        queue = queue.slice(-held);
      }
      print();
    }

    return {
      async close() {
        for (const cancel of timers) cancel();
        await served.close();
      },
      parts: [
        {
          id,
          description: { address: served.address, format, account },
          wiring: {
            driver: 'contact-id-panel',
            address: served.address,
            format,
            panel_account: account,
          },
          state: () => ({ queued: queue.length, waiting, ...counts, behaviour }),
          acts: {
            event: act(eventSchema, ({ code, what, partition, number, of }) =>
              add({ account, qualifier: qualifiers[what], code, partition, zone: number }, of),
            ),
            behave: act(behaviourSchema, (wanted) => void (behaviour = wanted)),
          },
        },
      ],
    };
  },
});
