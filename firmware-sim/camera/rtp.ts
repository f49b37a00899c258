/** Above this a NAL unit is cut into fragments, bytes. */
const packetLimit = 1400;
const fuA = 28;
const ssrc = 0x42454c46;

/** The RTP packets (RFC 3550) of one H.264 frame: single NAL units and FU-A fragments (RFC 6184, 5.6 and 5.8). */
export function packets(
  units: readonly Uint8Array[],
  { sequence, timestamp, payloadType }: { sequence: number; timestamp: number; payloadType: number },
): Uint8Array[] {
  const payloads = units.flatMap(fragments);
  return payloads.map((payload, i) => {
    const packet = Buffer.alloc(12 + payload.length);
    const isLast = i === payloads.length - 1;
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8((isLast ? 0x80 : 0) | payloadType, 1);
    packet.writeUInt16BE((sequence + i) & 0xffff, 2);
    packet.writeUInt32BE(timestamp >>> 0, 4);
    packet.writeUInt32BE(ssrc, 8);
    packet.set(payload, 12);
    return packet;
  });
}

function fragments(unit: Uint8Array): Uint8Array[] {
  if (unit.length <= packetLimit) return [unit];
  const header = unit[0]!;
  const parts: Uint8Array[] = [];
  for (let at = 1; at < unit.length; at += packetLimit) {
    const piece = unit.subarray(at, at + packetLimit);
    const start = at === 1 ? 0x80 : 0;
    const end = at + packetLimit >= unit.length ? 0x40 : 0;
    parts.push(Uint8Array.of((header & 0xe0) | fuA, start | end | (header & 0x1f), ...piece));
  }
  return parts;
}
