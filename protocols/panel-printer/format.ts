import { z } from 'zod';
import type { ContactIdEvent, Qualifier } from '../contact-id.ts';

/**
 * How an alarm panel or receiver says Contact ID on its serial automation port.
 * - `surgard-mlr2`: `5RRLs18AAAAQXYZGGCCC` DC4, and a heartbeat of 20 characters with an @, DC4 (Sur-Gard MLR2-DG
 *   manual, page 39). Q is E, R or P; some send the digit 1, 3 or 6.
 * - `ademco-685`: LF `RL AAAA 18 QXYZ GG FCCC` CR; F is C of a contact, U of a user (Honeywell MX8000, 8.5.4)
 *
 * Both want ACK (06h) for each message and repeat it without.
 */
export const panelFormat = z.enum(['surgard-mlr2', 'ademco-685']);
export type PanelFormat = z.infer<typeof panelFormat>;

/** One line of an automation port. */
export type PanelMessage =
  | {
      kind: 'event';
      /** Receiver and line, as the port writes them. */
      receiver: string;
      event: ContactIdEvent;
      /** 685 says whether the number is a zone or a user; null where the format does not say. */
      of: 'zone' | 'user' | null;
      text: string;
    }
  | { kind: 'heartbeat'; text: string }
  /** Printed, whole, and nothing that Contact ID says: another format is set in the panel. */
  | { kind: 'other'; text: string };

export const ack = 0x06;
export const nak = 0x15;
const lf = 0x0a;
const cr = 0x0d;
const dc4 = 0x14;

/** How lines of one format are found and read. No whole line is longer than `longest` bytes, its end included. */
export interface PanelShape {
  readonly longest: number;
  readonly end: number;
  /** What begins a line anew, whatever came before; null: nothing does. */
  readonly begin: number | null;
  read(text: string): PanelMessage;
  encode(event: ContactIdEvent, of: 'zone' | 'user'): Uint8Array;
  /** Null where the format has none. */
  readonly heartbeat: Uint8Array | null;
}

const letters: Readonly<Record<string, Qualifier>> = { E: 1, R: 3, P: 6, 1: 1, 3: 3, 6: 6 };
const letterOf: Readonly<Record<Qualifier, string>> = { 1: 'E', 3: 'R', 6: 'P' };

const surgardEvent = /^5([0-9A-F]{2}[0-9A-F]).18([0-9A-F]{4})([ERP136])([0-9]{3})([0-9]{2})([0-9]{3})$/;
const surgardHeartbeat = /^1[0-9A-F]{2}[0-9A-F] {11}@ {4}$/;
const ademcoEvent = /^([0-9A-F]{2}) ([0-9A-F]{4}) 18 ([ERP136])([0-9]{3}) ([0-9]{2}) ([CU ]?)([0-9]{3}) ?$/;

export const panelShapes: Readonly<Record<PanelFormat, PanelShape>> = {
  'surgard-mlr2': {
    longest: 96,
    end: dc4,
    begin: null,
    read(text) {
      const match = surgardEvent.exec(text);
      if (match) return eventOf(text, match[1]!, match.slice(2) as Fields, null);
      return { kind: surgardHeartbeat.test(text) ? 'heartbeat' : 'other', text };
    },
    encode: ({ account, qualifier, code, partition, zone }) =>
      line(`5011 18${account}${letterOf[qualifier]}${code}${two(partition)}${three(zone)}`, [], [dc4]),
    heartbeat: line('1011           @    ', [], [dc4]),
  },
  'ademco-685': {
    longest: 96,
    end: cr,
    begin: lf,
    read(text) {
      const match = ademcoEvent.exec(text);
      if (!match) return { kind: 'other', text };
      const [, receiver, account, qualifier, code, partition, of, zone] = match as unknown as string[];
      const fields = [account!, qualifier!, code!, partition!, zone!] as Fields;
      return eventOf(text, receiver!, fields, of === 'U' ? 'user' : of === 'C' ? 'zone' : null);
    },
    encode: ({ account, qualifier, code, partition, zone }, of) =>
      line(
        `11 ${account} 18 ${letterOf[qualifier]}${code} ${two(partition)} ${of === 'user' ? 'U' : 'C'}${three(zone)}`,
        [lf],
        [cr],
      ),
    heartbeat: null,
  },
};

type Fields = [account: string, qualifier: string, code: string, partition: string, zone: string];

function eventOf(text: string, receiver: string, fields: Fields, of: 'zone' | 'user' | null): PanelMessage {
  const [account, qualifier, code, partition, zone] = fields;
  const event = {
    account,
    qualifier: letters[qualifier]!,
    code,
    partition: Number(partition),
    zone: Number(zone),
  };
  return { kind: 'event', receiver, event, of, text };
}

function line(text: string, begin: readonly number[], end: readonly number[]): Uint8Array {
  return Uint8Array.of(...begin, ...new TextEncoder().encode(text), ...end);
}

const two = (n: number) => String(n).padStart(2, '0');
const three = (n: number) => String(n).padStart(3, '0');
