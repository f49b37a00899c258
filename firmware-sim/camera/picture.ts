/** A baseline JPEG of 16 × 16 grey pixels, made by hand: quantisation all 1, the shortest Huffman tables. */
export const picture: Uint8Array = Buffer.concat([
  bytes('ffd8'),
  segment('e0', '4a46494600', '0101', '00', '0001', '0001', '0000'),
  segment('db', '00', '01'.repeat(64)),
  // 8 bits, 16 × 16, one component.
  segment('c0', '08', '0010', '0010', '01', '011100'),
  // DC: one code of one bit for category 0. AC: one code of one bit for end of block.
  segment('c4', '00', `01${'00'.repeat(15)}`, '00'),
  segment('c4', '10', `01${'00'.repeat(15)}`, '00'),
  segment('da', '01', '0100', '003f00'),
  // Four blocks of difference 0, end of block: eight zero bits.
  bytes('00'),
  bytes('ffd9'),
]);

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

function segment(marker: string, ...parts: string[]): Buffer {
  const body = bytes(parts.join(''));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length + 2);
  return Buffer.concat([bytes(`ff${marker}`), length, body]);
}
