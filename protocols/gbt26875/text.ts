/** The text of a field that is filled up with spaces or zeros; bytes that are no GB 18030 become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder('gb18030').decode(end < 0 ? bytes : bytes.subarray(0, end)).trimEnd();
}

/** GB 18030 in `bytes` bytes, cut between two characters and filled up with spaces. */
export type TextEncoding = (text: string, bytes: number) => number[];

/**
 * The runtime decodes GB 18030 and encodes only UTF-8, so the table is made from its decoder: ASCII and all
 * characters of two bytes, which are those of GBK. Any other becomes `?`.
 */
export function gb18030Encoding(): TextEncoding {
  const decoder = new TextDecoder('gb18030');
  const codes = new Map<string, number[]>();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      const text = decoder.decode(Uint8Array.of(lead, trail));
      if (text.length === 1 && text !== '\ufffd') codes.set(text, [lead, trail]);
    }
  }
  return (text, bytes) => {
    const out: number[] = [];
    for (const character of text) {
      const code = character.charCodeAt(0);
      const next = code >= 0x20 && code < 0x7f ? [code] : (codes.get(character) ?? [0x3f]);
      if (out.length + next.length > bytes) break;
      out.push(...next);
    }
    return [...out, ...Array.from({ length: bytes - out.length }, () => 0x20)];
  };
}
