import { little, timeBytes } from './bytes.ts';
import { checksum, commandCode, endMark, type Frame, headerBytes, maxUnitBytes, startMark } from './frame.ts';

/** The bytes of a frame; numbers are taken modulo the width of their field. Throws where the unit is too long. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.unit.length > maxUnitBytes) {
    throw new Error(`a unit has at most ${maxUnitBytes} bytes, not ${frame.unit.length}`);
  }
  const bytes = Uint8Array.from([
    startMark,
    startMark,
    ...little(frame.serial, 2),
    frame.version.main,
    frame.version.user,
    ...timeBytes(frame.time),
    ...little(frame.source, 6),
    ...little(frame.destination, 6),
    ...little(frame.unit.length, 2),
    commandCode(frame.command),
    ...frame.unit,
    0,
    endMark,
    endMark,
  ]);
  const end = headerBytes + frame.unit.length;
  bytes[end] = checksum(bytes, 2, end);
  return bytes;
}
