import { type PictureSize, sizeOfSps } from './sps.ts';

/** What one packet brought. */
export interface Seen {
  /** The first packet of another frame. */
  newFrame: boolean;
  /** A key frame is complete. */
  keyFrame: boolean;
}

/** The NAL unit types that matter: ITU-T H.264 table 7-1 with RFC 6184, 5.2; H.265 table 7-1 with RFC 7798, 4.4. */
const kinds = {
  H264: { header: 1, key: (type: number) => type === 5, sps: 7, aggregate: 24, fragment: 28 },
  // IDR_W_RADL, IDR_N_LP and CRA: where a decoder can begin.
  H265: { header: 2, key: (type: number) => type >= 19 && type <= 21, sps: 33, aggregate: 48, fragment: 49 },
};

/**
 * Looks at the RTP packets of one video (RFC 3550), decodes no picture, and holds no packet: where frames begin,
 * whether a key frame came whole, and the size that the stream itself names.
 */
export class VideoTrack {
  readonly #codec: 'H264' | 'H265';
  #sequence: number | null = null;
  #timestamp: number | null = null;
  /** Of the fragmented NAL unit that is coming: its type, or null when its beginning or a part was lost. */
  #fragment: number | null = null;
  #keyPending = false;
  /** Packets missing by their sequence numbers. */
  lost = 0;
  frames = 0;
  size: PictureSize | null = null;

  constructor(codec: 'H264' | 'H265', parameterSets: readonly Uint8Array[] = []) {
    this.#codec = codec;
    for (const set of parameterSets) this.#unit(set);
  }

  take(packet: Uint8Array): Seen {
    const parsed = parseRtp(packet);
    if (!parsed) return { newFrame: false, keyFrame: false };
    const { sequence, timestamp, marker, payload } = parsed;
    if (this.#sequence !== null && sequence !== ((this.#sequence + 1) & 0xffff)) {
      this.lost += (sequence - this.#sequence - 1) & 0xffff;
      this.#fragment = null;
    }
    this.#sequence = sequence;
    const newFrame = timestamp !== this.#timestamp;
    let keyFrame = false;
    if (newFrame) {
      keyFrame = this.#keyPending;
      this.#keyPending = false;
      this.#timestamp = timestamp;
      this.frames += 1;
    }
    this.#payload(payload);
    if (marker && this.#keyPending) {
      keyFrame = true;
      this.#keyPending = false;
    }
    return { newFrame, keyFrame };
  }

  #payload(payload: Uint8Array): void {
    const { header, aggregate, fragment } = kinds[this.#codec];
    if (payload.length <= header) return;
    const type = this.#typeOf(payload);
    if (type === aggregate) {
      for (let at = header; at + 2 <= payload.length;) {
        const length = (payload[at]! << 8) | payload[at + 1]!;
        this.#unit(payload.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
    } else if (type === fragment) {
      const said = payload[header]!;
      const inner = said & (this.#codec === 'H264' ? 0x1f : 0x3f);
      if (said & 0x80) this.#fragment = inner;
      const whole = (said & 0x40) !== 0 && this.#fragment === inner;
      if (said & 0x40) this.#fragment = null;
      if (whole && kinds[this.#codec].key(inner)) this.#keyPending = true;
    } else this.#unit(payload);
  }

  #unit(nal: Uint8Array): void {
    const { header, key, sps } = kinds[this.#codec];
    if (nal.length <= header) return;
    const type = this.#typeOf(nal);
    if (key(type)) this.#keyPending = true;
    if (type === sps) this.size = sizeOfSps(this.#codec, nal) ?? this.size;
  }

  #typeOf(nal: Uint8Array): number {
    return this.#codec === 'H264' ? nal[0]! & 0x1f : (nal[0]! >> 1) & 0x3f;
  }
}

/** RFC 3550, 5.1; null when it is no RTP packet. */
function parseRtp(packet: Uint8Array) {
  if (packet.length < 12 || packet[0]! >> 6 !== 2) return null;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  let start = 12 + 4 * (packet[0]! & 0x0f);
  if (packet[0]! & 0x10) {
    if (start + 4 > packet.length) return null;
    start += 4 + 4 * view.getUint16(start + 2);
  }
  const padding = packet[0]! & 0x20 ? packet.at(-1)! : 0;
  if (start + padding > packet.length) return null;
  return {
    marker: (packet[1]! & 0x80) !== 0,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    payload: packet.subarray(start, packet.length - padding),
  };
}
