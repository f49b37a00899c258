import { rmSync } from 'node:fs';
import { z } from 'zod';
import type { ByteStream } from '#platform/ports.ts';
import { realStreams } from '#platform/real/streams.ts';
import { id } from '#protocols/signal.ts';
import { act, type Bench, simulatorKind } from '../kind.ts';
import { linkTo, openPty } from '../pty.ts';
import { onWire, port, via, type Wire } from '../wire.ts';
import { createFirePanel, type FirePanel } from './unit.ts';

const redialMs = 1000;
const byte = z.int().min(0).max(255);
const bits = z.int().min(0).max(0xffff);

const behaviour = z
  .strictObject({
    noiseBytes: z.int().min(0).max(10_000),
    corrupted: z.number().min(0).max(1),
    lostBytes: z.number().min(0).max(1),
    dripMs: z.int().min(0).max(60_000),
    wrongChecksum: z.boolean(),
    silent: z.boolean(),
    copies: z.int().min(0).max(20),
    answersDuty: z.boolean(),
  })
  .partial();
const component = z.strictObject({
  type: byte.default(40).describe('of GB/T 26875.3: 40 smoke, 30 heat, 23 manual call point'),
  component: z.int().min(0).max(0xffff_ffff).default(0x0002000a),
  text: z.string().max(31).default(''),
});

/** User information transmission devices with a fire panel: on a serial line, or dialling in to a centre. */
export const firePanels = simulatorKind({
  entry: z.strictObject({
    id,
    via,
    port,
    source: z
      .int()
      .min(0)
      .max(2 ** 48 - 1)
      .default(889),
    centre: z
      .int()
      .min(0)
      .max(2 ** 48 - 1)
      .default(88_888),
    heartbeat_s: z.number().positive().default(20),
    dials: z
      .string()
      .regex(/^[^:]+:\d+$/)
      .optional()
      .describe('host:port of the centre, in place of a serial line'),
  }),
  group: 'fire_panels',
  description: z.object({ address: z.string(), source: z.int() }),
  async start(bench, entry) {
    const panel = createFirePanel(bench, entry);
    const wire =
      entry.dials === undefined
        ? await onWire(bench, entry, (wire) => serve(bench, panel, wire))
        : dial(bench, panel, entry.dials);
    const { address } = wire;
    let closed = false;
    const beat = () => {
      if (closed) return;
      panel.heartbeat();
      bench.clock.after(entry.heartbeat_s * 1000, beat);
    };
    beat();
    const state = (up: number) => (given: z.output<typeof component>) =>
      panel.component(given.type, given.component, up, given.text);
    return {
      async close() {
        closed = true;
        panel.close();
        await wire.close();
      },
      parts: [
        {
          id: entry.id,
          description: { address, source: entry.source },
          wiring: { driver: 'fire-panel', address, source: entry.source },
          state: () => panel.seen,
          acts: {
            fire: act(component, state(2)),
            restore: act(component, state(1)),
            fault: act(component, state(4)),
            device: act(z.strictObject({ state: bits }), ({ state }) => panel.state(state)),
            operate: act(z.strictObject({ operations: byte, operator: byte.default(1) }), (o) =>
              panel.operate('device', o.operations, o.operator),
            ),
            behave: act(behaviour, (more) => panel.behave(more)),
          },
        },
      ],
    };
  },
});

interface ServedPanel {
  address: string;
  port: number | null;
  close(): Promise<void>;
}

async function serve(
  bench: Bench,
  panel: FirePanel,
  wire: Wire,
): Promise<ServedPanel | { kind: 'absent'; reason: string }> {
  if (wire.kind === 'tcp') {
    const listener = await bench.listen.listen(wire, (stream) => panel.over((bytes) => stream.write(bytes)));
    const address = `tcp://${wire.host}:${listener.port}`;
    return { address, port: listener.port, close: () => listener.close() };
  }
  let line: ByteStream | undefined;
  const opened = await openPty(panel.over((bytes) => line?.write(bytes)));
  if (opened.kind === 'absent') return opened;
  const { path, stream } = opened.pty;
  line = stream;
  linkTo(path, wire.link);
  return {
    address: `tty:${wire.link}`,
    port: null,
    async close() {
      rmSync(wire.link, { force: true });
      stream.close();
    },
  };
}

/** Dials in to the centre, again and again whenever it is hung up on. */
function dial(bench: Bench, panel: FirePanel, to: string): ServedPanel {
  const [host = '', portText] = to.split(':');
  let stream: ByteStream | null = null;
  let closed = false;
  const again = () => {
    stream = null;
    if (!closed) bench.clock.after(redialMs, connect);
  };
  function connect(): void {
    if (closed) return;
    const events = panel.over((bytes) => stream?.write(bytes));
    const onClose = () => {
      events.onClose();
      again();
    };
    realStreams.open({ kind: 'tcp', host, port: Number(portText) }, { ...events, onClose }).then((opened) => {
      stream = opened;
      if (closed) opened.close();
      else panel.heartbeat();
    }, again);
  }
  connect();
  return {
    address: `listen://${to}`,
    port: null,
    async close() {
      closed = true;
      stream?.close();
    },
  };
}
