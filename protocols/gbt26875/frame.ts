/**
 * GB/T 26875.3-2011, clause 6: one frame between a user information transmission device and a monitoring
 * centre. Numbers of more than one byte are little endian.
 */

/** `40 40` begins, `23 23` ends. */
export const startMark = 0x40;
export const endMark = 0x23;
/** Start, serial number, version, time, two addresses, length, command; then the unit; then checksum and end. */
export const headerBytes = 27;
export const trailerBytes = 3;
/** The application data unit is at most so long. */
export const maxUnitBytes = 1024;
export const maxFrameBytes = headerBytes + maxUnitBytes + trailerBytes;

/** Clause 6. 128 to 255 are the user's; all others are reserved. */
export const commands = { control: 1, send: 2, confirm: 3, request: 4, answer: 5, deny: 6 } as const;
export type CommandName = keyof typeof commands;

/** Six bytes as they are on the wire (year 0 to 99); any value, also one that no calendar has. */
export interface WireTime {
  second: number;
  minute: number;
  hour: number;
  day: number;
  month: number;
  year: number;
}

export interface Frame {
  /** Of the exchange: whoever begins it counts, and the reply repeats it. */
  serial: number;
  version: { main: number; user: number };
  time: WireTime;
  /** 48 bits. */
  source: number;
  destination: number;
  /** By name, or the number of one of the user's own. */
  command: CommandName | number;
  /** The application data unit; empty in a confirmation, a denial and a heartbeat. */
  unit: Uint8Array;
}

/** The low byte of the sum of all bytes from the serial number to the end of the unit. */
export function checksum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += bytes[i]!;
  return sum & 0xff;
}

export function commandCode(command: Frame['command']): number {
  return typeof command === 'number' ? command : commands[command];
}

/** Null: a reserved number. */
export function commandOf(code: number): Frame['command'] | null {
  const known = (Object.keys(commands) as CommandName[]).find((name) => commands[name] === code);
  return known ?? (code >= 128 ? code : null);
}
