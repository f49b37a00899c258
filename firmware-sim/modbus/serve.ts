import { rmSync } from 'node:fs';
import type { ByteStream, Clock, ListenPort, Randomness } from '#platform/ports.ts';
import type { ModbusModel } from '#protocols/modbus-models/model.ts';
import { linkTo, openPty } from '../pty.ts';
import { simulateModbusBus } from './bus.ts';
import type { Slave } from './slave.ts';

export type BusWire = { kind: 'pty'; link: string } | { kind: 'tcp'; host: string; port: number };

export interface ServedBus {
  /** For the edge's file: `tty:/path` or `tcp://host:port`. */
  address: string;
  /** Null on a tty. */
  port: number | null;
  units: ReadonlyMap<number, Slave>;
  close(): Promise<void>;
}

/** The bus runs, or why not (no pseudoterminals on this machine: serve it by TCP). */
export type ServeResult = { kind: 'served'; bus: ServedBus } | { kind: 'absent'; reason: string };

/** Runs a bus of devices on a tty or behind Modbus TCP. Rejects when the port or path cannot be had. */
export async function serveBus(
  ports: { clock: Clock; random: Randomness; listen: ListenPort },
  devices: readonly { unit: number; model: ModbusModel }[],
  wire: BusWire,
): Promise<ServeResult> {
  const bus = simulateModbusBus(ports, devices);
  const { units } = bus;
  if (wire.kind === 'tcp') {
    const { host } = wire;
    const listener = await ports.listen.listen({ host, port: wire.port }, (stream) =>
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
