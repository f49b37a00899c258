export interface PictureSize {
  width: number;
  height: number;
}

/**
 * The size that a JPEG's frame header names, or null when the bytes are no whole JPEG: SOI, segments of sound
 * length with a frame header before the scan, EOI at the end (ITU-T T.81, annex B). The pixels are not decoded.
 */
export function jpegSize(bytes: Uint8Array): PictureSize | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let size: PictureSize | null = null;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (length < 2) return null;
    if (isFrameHeader(marker) && at + 9 <= bytes.length) {
      const height = (bytes[at + 5]! << 8) | bytes[at + 6]!;
      const width = (bytes[at + 7]! << 8) | bytes[at + 8]!;
      size = width > 0 && height > 0 ? { width, height } : null;
    }
    const startOfScan = 0xda;
    if (marker === startOfScan) return size && endsWithEoi(bytes) ? size : null;
    at += 2 + length;
  }
  return null;
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which lie between them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Some cameras pad what follows EOI with zeros or a line end. */
function endsWithEoi(bytes: Uint8Array): boolean {
  let end = bytes.length;
  while (end > 0 && [0x00, 0x0a, 0x0d].includes(bytes[end - 1]!)) end -= 1;
  return bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9;
}
