import { rmSync } from 'node:fs';
import type { ByteStream, Clock, ListenPort } from '#platform/ports.ts';
import { linkTo, openPty } from '../pty.ts';
import { simulateModbusBus, type UnitControl } from './bus.ts';

export type BusWire = { kind: 'pty'; link: string } | { kind: 'tcp'; host: string; port: number };

export interface ServedBus {
  /** For the edge's file: `tty:/path` or `tcp://host:port`. */
  address: string;
  /** Null on a tty. */
  port: number | null;
  units: ReadonlyMap<number, UnitControl>;
  close(): Promise<void>;
}

/** The bus runs, or why not (no pseudoterminals on this machine: serve it by TCP). */
export type ServeResult = { kind: 'served'; bus: ServedBus } | { kind: 'absent'; reason: string };

/**
 * Runs a bus of smoke sensors (holding registers, 1 is smoke) on a tty or behind Modbus TCP. Rejects when the
 * port or path cannot be had.
 */
export async function serveBus(
  { clock, listen }: { clock: Clock; listen: ListenPort },
  sensors: readonly { unit: number; register: number }[],
  wire: BusWire,
): Promise<ServeResult> {
  const bus = simulateModbusBus(
    clock,
    sensors.map((sensor) => ({ ...sensor, table: 'holding', alarmValue: 1, normalValue: 0 })),
  );
  const { units } = bus;
  if (wire.kind === 'tcp') {
    const { host } = wire;
    const listener = await listen.listen({ host, port: wire.port }, (stream) =>
      bus.tcp((bytes) => stream.write(bytes)),
    );
    const { port } = listener;
    const address = `tcp://${host}:${port}`;
    return { kind: 'served', bus: { address, port, units, close: () => listener.close() } };
  }
  let line: ByteStream | undefined;
  const opened = await openPty(bus.rtu((bytes) => line?.write(bytes)));
  if (opened.kind === 'absent') return opened;
  const { path, stream } = opened.pty;
  line = stream;
  linkTo(path, wire.link);
  return {
    kind: 'served',
    bus: {
      address: `tty:${wire.link}`,
      port: null,
      units,
      async close() {
        rmSync(wire.link, { force: true });
        stream.close();
      },
    },
  };
}
