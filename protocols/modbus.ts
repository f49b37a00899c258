/**
 * CRC-16 of Modbus RTU (reflected polynomial A001, start FFFF), sent low byte first. Modbus over Serial Line
 * V1.02, 6.2.2; `01 03 00 02 00 01` ends in `25 CA`.
 */
export function crc16Modbus(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** The message (unit, function, data) as it goes over a serial bus: with its CRC. */
export function withCrc(message: Uint8Array): Uint8Array {
  const crc = crc16Modbus(message);
  return Uint8Array.of(...message, crc & 0xff, crc >> 8);
}

/** Whether the last two bytes are the CRC of those before. */
export function crcHolds(frame: Uint8Array): boolean {
  const body = frame.subarray(0, -2);
  return frame.length > 2 && crc16Modbus(body) === (frame.at(-2)! | (frame.at(-1)! << 8));
}
