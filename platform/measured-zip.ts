import { Buffer } from 'node:buffer';
import { crc32, inflateRawSync } from 'node:zlib';
import { SpreadsheetError } from './spreadsheets.ts';

/** A sheet of 100,000 rows has some 40 MB. */
const unpackedLimit = 100 * 1024 * 1024;
const filesLimit = 1_000;
const end = { signature: 0x06054b50, bytes: 22, commentLimit: 65_535 };
const central = { signature: 0x02014b50, bytes: 46 };
const local = { signature: 0x04034b50, bytes: 30 };

/**
 * The files of a zip archive in one that is not compressed any more, each measured while it is unpacked: whoever reads
 * that one cannot meet more than is allowed, whatever the first says of itself. Sizes that are too large already by the
 * central directory are refused before anything is unpacked. Formats: APPNOTE.TXT 4.3. Throws a `SpreadsheetError`.
 */
export function measuredZip(bytes: Uint8Array): Buffer {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = directoryOf(file);
  if (entries.length > filesLimit || entries.reduce((sum, { size }) => sum + size, 0) > unpackedLimit)
    throw tooLarge();
  let left = unpackedLimit;
  const files = entries.map(({ name, method, at, packed }) => {
    if (at + local.bytes > file.length || file.readUInt32LE(at) !== local.signature) throw damaged();
    const from = at + local.bytes + file.readUInt16LE(at + 26) + file.readUInt16LE(at + 28);
    const data = unpack(file.subarray(from, from + packed), method, left);
    left -= data.length;
    return { name, data };
  });
  return stored(files);
}

interface Entry {
  name: Buffer;
  method: number;
  at: number;
  packed: number;
  size: number;
}

function directoryOf(file: Buffer): Entry[] {
  const lowest = Math.max(0, file.length - end.bytes - end.commentLimit);
  let found = file.length - end.bytes;
  while (found >= lowest && file.readUInt32LE(found) !== end.signature) found -= 1;
  if (found < lowest) throw damaged();
  const entries: Entry[] = [];
  let at = file.readUInt32LE(found + 16);
  for (let i = 0; i < file.readUInt16LE(found + 10); i += 1) {
    if (at + central.bytes > file.length || file.readUInt32LE(at) !== central.signature) throw damaged();
    const nameEnd = at + central.bytes + file.readUInt16LE(at + 28);
    // Encrypted.
    if ((file.readUInt16LE(at + 8) & 1) !== 0) throw damaged();
    entries.push({
      name: file.subarray(at + central.bytes, nameEnd),
      method: file.readUInt16LE(at + 10),
      packed: file.readUInt32LE(at + 20),
      // ZIP64 says 0xffffffff here: that is too large in any case.
      size: file.readUInt32LE(at + 24),
      at: file.readUInt32LE(at + 42),
    });
    at = nameEnd + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

function unpack(data: Buffer, method: number, limit: number): Buffer {
  if (method === 0) {
    if (data.length > limit) throw tooLarge();
    return data;
  }
  if (method !== 8) throw damaged();
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, limit) });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : damaged();
  }
}

function stored(files: readonly { name: Buffer; data: Buffer }[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data } of files) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const head = Buffer.alloc(local.bytes);
    head.writeUInt32LE(local.signature, 0);
    common.copy(head, 4);
    const entry = Buffer.alloc(central.bytes);
    entry.writeUInt32LE(central.signature, 0);
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    pieces.push(head, name, data);
    directory.push(entry, name);
    at += head.length + name.length + data.length;
  }
  const last = Buffer.alloc(end.bytes);
  last.writeUInt32LE(end.signature, 0);
  last.writeUInt16LE(files.length, 8);
  last.writeUInt16LE(files.length, 10);
  last.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  last.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, ...directory, last]);
}

function damaged(): SpreadsheetError {
  return new SpreadsheetError({
    zh: '这不是 XLSX 文件，或文件已损坏',
    en: 'this is no XLSX file, or it is damaged',
  });
}

function tooLarge(): SpreadsheetError {
  const limit = `${unpackedLimit / 1024 / 1024} MB`;
  return new SpreadsheetError({
    zh: `文件解压后超过 ${limit}，请分成几个文件`,
    en: `unpacked it has more than ${limit}: give it in several files`,
  });
}
