import type { Duplex } from 'node:stream';

/**
 * Follows a stream of MQTT packets by their fixed headers alone (MQTT 3.1.1, 2.2), whatever its split, and finds a
 * packet that is announced to be longer than the limit before its bytes are kept.
 */
export class PacketMeter {
  readonly #limit: number;
  /** Bytes of the packet's body that are still to come. */
  #body = 0;
  #state: 'type' | 'length' | 'body' = 'type';
  #length = 0;
  #shift = 0;

  /** `limit` in bytes of remaining length. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when these bytes announce a packet over the limit, or a length that is none. */
  accepts(bytes: Uint8Array): boolean {
    for (let i = 0; i < bytes.length;) {
      if (this.#state === 'body') {
        const step = Math.min(this.#body, bytes.length - i);
        this.#body -= step;
        i += step;
        if (this.#body === 0) this.#state = 'type';
        continue;
      }
      const byte = bytes[i]!;
      i += 1;
      if (this.#state === 'type') {
        this.#state = 'length';
        this.#length = 0;
        this.#shift = 0;
        continue;
      }
      this.#length += (byte & 0x7f) << this.#shift;
      this.#shift += 7;
      if (this.#length > this.#limit) return false;
      if ((byte & 0x80) === 0) {
        this.#body = this.#length;
        this.#state = this.#body === 0 ? 'type' : 'body';
      } else if (this.#shift === 28) return false;
    }
    return true;
  }
}

/** A broker takes its bytes by `read`: this is where a packet over the limit is stopped before it is gathered. */
export function bounded<Socket extends Duplex>(socket: Socket, maxPacketBytes: number): Socket {
  const meter = new PacketMeter(maxPacketBytes);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const bytes = read(size) as Uint8Array | null;
    if (bytes === null || meter.accepts(bytes)) return bytes;
    socket.destroy(new Error(`a packet of more than ${maxPacketBytes} bytes`));
    return null;
  };
  return socket;
}
