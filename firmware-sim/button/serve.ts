import { rmSync } from 'node:fs';
import type { ByteStream, Listener, ListenPort } from '#platform/ports.ts';
import { linkTo, openPty } from '../pty.ts';
import { createButton } from './unit.ts';
import type { Button, ButtonConfig, ButtonParts } from './button.ts';

/** Where the unit's wire comes out: a tty at a stable path, or a serial device server. */
export type ButtonWire =
  { kind: 'pty'; link: string } | { kind: 'tcp'; listen: ListenPort; host: string; port: number };

export interface ServedButton {
  unit: Button;
  /** The address for the edge's file, for example `tty:/run/belfry/gate` or `tcp://127.0.0.1:40213`. */
  address: string;
  /** Null on a tty. */
  port: number | null;
  /** Pulls the cable: the tty vanishes, or the device server is off. The unit lives on. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  close(): Promise<void>;
}

/** The unit runs, or why not (no pseudoterminals on this machine: serve it by TCP). */
export type ServeResult = { kind: 'served'; button: ServedButton } | { kind: 'absent'; reason: string };

interface Plug {
  address: string;
  pull(): Promise<void>;
}

/** Runs a unit and gives its wire to whoever opens it. Rejects when the port or path cannot be had. */
export async function serveButton(
  parts: ButtonParts,
  config: ButtonConfig,
  wire: ButtonWire,
): Promise<ServeResult> {
  /** Who is on the wire now; what the unit says while nobody is there is lost, as on a real one. */
  let client: ByteStream | null = null;
  const unit = createButton(parts, config, (bytes) => client?.write(bytes));

  async function onPty(link: string): Promise<Plug | { absent: string }> {
    const opened = await openPty({
      onData: (bytes) => unit.receive(bytes),
      onClose: () => (client = null),
    });
    if (opened.kind === 'absent') return { absent: opened.reason };
    const { path, stream } = opened.pty;
    linkTo(path, link);
    client = stream;
    return {
      address: `tty:${link}`,
      pull: async () => {
        rmSync(link, { force: true });
        stream.close();
      },
    };
  }

  let boundPort = wire.kind === 'tcp' ? wire.port : 0;
  async function onTcp(at: Extract<ButtonWire, { kind: 'tcp' }>): Promise<Plug> {
    const listener: Listener = await at.listen.listen(
      { host: at.host, port: boundPort },
      (stream, remote) => {
        parts.log.debug('a client took the wire', { remote });
        client?.close();
        client = stream;
        return {
          onData: (bytes) => {
            if (client === stream) unit.receive(bytes);
          },
          onClose: () => {
            if (client === stream) client = null;
          },
        };
      },
    );
    boundPort = listener.port;
    return { address: `tcp://${at.host}:${boundPort}`, pull: () => listener.close() };
  }

  let plug: Plug | { absent: string };
  try {
    plug = await plugIn();
  } catch (error) {
    unit.stop();
    throw error;
  }
  function plugIn(): Promise<Plug | { absent: string }> {
    return wire.kind === 'pty' ? onPty(wire.link) : onTcp(wire);
  }
  async function unplug(): Promise<void> {
    const pulled = plug;
    plug = { absent: 'unplugged' };
    client?.close();
    client = null;
    if ('pull' in pulled) await pulled.pull();
  }

  if ('absent' in plug) {
    unit.stop();
    return { kind: 'absent', reason: plug.absent };
  }
  return {
    kind: 'served',
    button: {
      unit,
      address: plug.address,
      port: wire.kind === 'tcp' ? boundPort : null,
      unplug,
      plugIn: async () => {
        if ('absent' in plug) plug = await plugIn();
      },
      close: async () => {
        unit.stop();
        await unplug();
      },
    },
  };
}
