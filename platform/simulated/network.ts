import type {
  ByteStream,
  ListenPort,
  Listener,
  StreamAddress,
  StreamEvents,
  StreamPort,
} from '#platform/ports.ts';
import { type Life, never } from './life.ts';
import type { Seeded } from './seeded.ts';
import type { Timeline } from './timeline.ts';

const openTimeoutMs = 4000;

type TtyAddress = Extract<StreamAddress, { kind: 'tty' }>;
type TcpAddress = Extract<StreamAddress, { kind: 'tcp' }>;
type Accept = Parameters<ListenPort['listen']>[1];

/** One side of an open stream. */
interface End {
  life: Life;
  /** Machine, host and host:port by which faults name it. */
  names: readonly string[];
  events: StreamEvents;
  open: boolean;
  peer: End | null;
  /** Bytes and the end of a stream arrive in the order in which they were sent. */
  arrivedUntil: number;
  forget: () => void;
}

/** A serial cable between two ttys, each on a machine of its own. */
export class Wire {
  /** Probability that a byte arrives as another. */
  corruption = 0;
  /** Probability that a byte does not arrive. */
  loss = 0;
  /** False: pulled out. Bytes vanish; both ttys stay open, as real ones do. */
  plugged = true;
  readonly ends: [End | null, End | null] = [null, null];
}

/** TCP between machines, and serial cables. All machines see one another under the hosts they listen on. */
export class Network {
  /** Milliseconds that bytes travel: [least, most]. */
  delayMs: [number, number] = [0.2, 3];
  /** Probability that a chunk arrives in two pieces. */
  splitting = 0.1;
  /** Machines, hosts or `host:port` whose bytes vanish without a word; streams stay half-open. */
  readonly blackholes = new Set<string>();
  /** Pairs of them that do not reach each other, while everybody else reaches both. */
  readonly partitions = new Set<readonly [string, string]>();
  /** Hosts or `host:port` that refuse new connections. */
  readonly refusing = new Set<string>();
  readonly #timeline: Timeline;
  readonly #random: Seeded;
  readonly #trace: (what: string) => void;
  readonly #listeners = new Map<string, { life: Life; accept: Accept; streams: Set<End> }>();
  /** `machine path` → the cable in it, and which end of the cable. */
  readonly #ttys = new Map<string, { wire: Wire; side: 0 | 1; gone: boolean }>();
  readonly #ends = new Set<End>();
  #nextPort = 40_000;

  constructor(timeline: Timeline, random: Seeded, trace: (what: string) => void) {
    this.#timeline = timeline;
    this.#random = random;
    this.#trace = trace;
  }

  /** Lays a cable between two ttys. */
  wire(a: { machine: string; path: string }, b: { machine: string; path: string }): Wire {
    const wire = new Wire();
    this.#ttys.set(`${a.machine} ${a.path}`, { wire, side: 0, gone: false });
    this.#ttys.set(`${b.machine} ${b.path}`, { wire, side: 1, gone: false });
    return wire;
  }

  /** Pulls the USB adapter of a tty: its stream closes and cannot be opened until it is back. */
  setTty(machine: string, path: string, present: boolean): void {
    const tty = this.#ttys.get(`${machine} ${path}`);
    if (tty === undefined) throw new Error(`${machine} has no tty ${path}`);
    tty.gone = !present;
    const end = tty.wire.ends[tty.side];
    if (tty.gone && end !== null) this.#closed(end, 'the tty is gone');
  }

  /** Resets every open TCP stream of a machine, host or `host:port`. */
  reset(name: string): void {
    for (const end of this.#ends) {
      if (end.peer === null || !(end.names.includes(name) || end.peer.names.includes(name))) continue;
      this.#closed(end, 'connection reset by the other side');
    }
  }

  blocked(names: readonly string[]): boolean {
    if (this.blackholes.size > 0 && names.some((name) => this.blackholes.has(name))) return true;
    if (this.partitions.size === 0) return false;
    return [...this.partitions].some(([a, b]) => names.includes(a) && names.includes(b));
  }

  streams(life: Life): StreamPort {
    return {
      open: (address, events, timeoutMs = openTimeoutMs) => {
        if (!life.alive) return never();
        return address.kind === 'tty'
          ? this.#openTty(life, address, events)
          : this.#dial(life, address, events, timeoutMs);
      },
    };
  }

  listening(life: Life): ListenPort {
    return {
      listen: async ({ host, port }, accept): Promise<Listener> => {
        if (!life.alive) return never();
        const bound = port === 0 ? this.#nextPort++ : port;
        const name = `${host}:${bound}`;
        if (this.#listeners.has(name)) throw new Error(`cannot listen on ${name}: the port is in use`);
        const streams = new Set<End>();
        this.#listeners.set(name, { life, accept, streams });
        const forget = life.onEnd(() => this.#listeners.delete(name));
        return {
          port: bound,
          close: async () => {
            forget();
            if (this.#listeners.get(name)?.life === life) this.#listeners.delete(name);
            for (const end of streams) this.#hangUp(end);
          },
        };
      },
    };
  }

  #dial(life: Life, address: TcpAddress, events: StreamEvents, timeoutMs: number): Promise<ByteStream> {
    const name = `${address.host}:${address.port}`;
    const names = [life.machine, address.host, name];
    return new Promise((resolve, reject) => {
      const fail = (why: string, afterMs: number) =>
        life.after(afterMs, () => reject(new Error(`cannot connect to ${name}: ${why}`)));
      const there = this.#delay();
      life.after(there, () => {
        const listener = this.#listeners.get(name);
        if (this.blocked([...names, ...(listener ? [listener.life.machine] : [])])) {
          fail(`no answer within ${timeoutMs} ms`, Math.max(0, timeoutMs - there));
        } else if (listener === undefined || this.refusing.has(name) || this.refusing.has(address.host)) {
          fail('connection refused', this.#delay());
        } else {
          const near = this.#end(life, names, events);
          const far = this.#end(listener.life, [listener.life.machine, address.host, name], events);
          near.peer = far;
          far.peer = near;
          listener.streams.add(far);
          const forget = far.forget;
          far.forget = () => {
            forget();
            listener.streams.delete(far);
          };
          far.events = listener.accept(this.#tcpStream(far), life.machine);
          this.#trace(`${life.machine} connects to ${name}`);
          life.after(this.#delay(), () => {
            resolve(this.#tcpStream(near));
          });
        }
      });
    });
  }

  #end(life: Life, names: readonly string[], events: StreamEvents): End {
    const end: End = { life, names, events, open: true, peer: null, arrivedUntil: 0, forget: () => {} };
    this.#ends.add(end);
    const forget = life.onEnd((how) => {
      end.forget();
      end.open = false;
      // Without power no kernel is left to reset the connection: the peer's end stays half-open.
      if (how === 'process' && end.peer !== null) this.#tellPeer(end, 'connection reset by the other side');
    });
    end.forget = () => {
      forget();
      this.#ends.delete(end);
    };
    return end;
  }

  #tcpStream(end: End): ByteStream {
    return {
      write: (bytes) => {
        if (!end.open || !end.life.alive || bytes.length === 0) return;
        for (const piece of this.#pieces(bytes)) {
          this.#arrive(end, this.#delay(), (peer) => {
            peer.events.onData(piece, this.#monotonicOf(peer.life));
          });
        }
      },
      close: () => {
        if (end.life.alive) this.#hangUp(end);
      },
    };
  }

  #hangUp(end: End): void {
    if (!end.open) return;
    this.#tellPeer(end, 'closed by the other side');
    this.#closed(end, 'closed by us');
  }

  /** Runs `then` on the other side when what was sent before has arrived, unless the way is blocked by then. */
  #arrive(from: End, delayMs: number, then: (peer: End) => void): void {
    const peer = from.peer!;
    const at = Math.max(peer.arrivedUntil, this.#timeline.now + delayMs);
    peer.arrivedUntil = at;
    const sentBlocked = this.blocked([...from.names, ...peer.names]);
    peer.life.after(at - this.#timeline.now, () => {
      if (peer.open && !sentBlocked && !this.blocked([...from.names, ...peer.names])) then(peer);
    });
  }

  #tellPeer(end: End, reason: string): void {
    this.#arrive(end, this.#delay(), (peer) => this.#close(peer, reason));
  }

  #closed(end: End, reason: string): void {
    end.open = false;
    end.forget();
    end.life.after(0, () => end.events.onClose(reason));
  }

  #close(end: End, reason: string): void {
    end.open = false;
    end.forget();
    end.events.onClose(reason);
  }

  #openTty(life: Life, address: TtyAddress, events: StreamEvents): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      life.after(this.#random.between(0.2, 2), () => {
        const fail = (why: string) => reject(new Error(`cannot open ${address.path}: ${why}`));
        const tty = this.#ttys.get(`${life.machine} ${address.path}`);
        if (tty === undefined || tty.gone) return fail('no such tty');
        if (tty.wire.ends[tty.side] !== null) return fail('it is in use by another process');
        const end = this.#end(life, [], events);
        const forget = end.forget;
        end.forget = () => {
          forget();
          if (tty.wire.ends[tty.side] === end) tty.wire.ends[tty.side] = null;
        };
        tty.wire.ends[tty.side] = end;
        resolve(this.#ttyStream(end, tty.wire, tty.side, address.baudRate));
      });
    });
  }

  #ttyStream(end: End, wire: Wire, side: 0 | 1, baudRate: number): ByteStream {
    // Start bit, eight data bits, stop bit.
    const msPerByte = 10_000 / baudRate;
    let sentUntil = 0;
    return {
      write: (bytes) => {
        if (!end.open || !end.life.alive) return;
        for (const piece of this.#pieces(bytes)) {
          sentUntil = Math.max(sentUntil, this.#timeline.now) + piece.length * msPerByte;
          this.#timeline.after(sentUntil - this.#timeline.now, () => {
            const peer = wire.ends[side === 0 ? 1 : 0];
            if (!wire.plugged || peer === null || !peer.open) return;
            const heard = this.#overWire(wire, piece);
            if (heard.length > 0) peer.events.onData(heard, this.#monotonicOf(peer.life));
          });
        }
      },
      close: () => {
        if (end.open && end.life.alive) this.#closed(end, 'closed by us');
      },
    };
  }

  #overWire(wire: Wire, bytes: Uint8Array): Uint8Array {
    if (wire.loss === 0 && wire.corruption === 0) return bytes;
    const kept = bytes.filter(() => !this.#random.chance(wire.loss));
    return kept.map((byte) => {
      if (!this.#random.chance(wire.corruption)) return byte;
      return byte ^ (1 << Math.floor(this.#random.between(0, 8)));
    });
  }

  #pieces(bytes: Uint8Array): Uint8Array[] {
    const copy = new Uint8Array(bytes);
    if (copy.length < 2 || !this.#random.chance(this.splitting)) return [copy];
    const cut = 1 + Math.floor(this.#random.between(0, copy.length - 1));
    return [copy.subarray(0, cut), copy.subarray(cut)];
  }

  #delay(): number {
    return this.#random.between(...this.delayMs);
  }

  #monotonicOf(life: Life): number {
    return this.#timeline.now - life.bornAt;
  }
}
