/**
 * CRC-16/ARC (reflected polynomial A001, initial value 0): the CRC of SIA DC-09, over the first `"`
 * up to the byte before CR. Not CCITT, and not the table of DC-07, whose 101st entry is misprinted.
 */
export function crc16Arc(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
