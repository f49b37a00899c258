import type { Mode, SignalType } from './signal.ts';

/** Ademco Contact ID (SIA DC-05) as it travels in DC-09's ADM-CID: `#acct|QEEE GG ZZZ`. */

/** New or open, restored or closed, still present. */
export type Qualifier = 1 | 3 | 6;

export interface ContactIdEvent {
  account: string;
  qualifier: Qualifier;
  /** Three digits; 120 is E120. */
  code: string;
  /** Group or partition, 0 to 99; 0 where there is none. */
  partition: number;
  /** Zone or user, 0 to 999. */
  zone: number;
}

/** The data of an ADM-CID frame, without its brackets. */
export function encodeContactId({ account, qualifier, code, partition, zone }: ContactIdEvent): string {
  return `#${account}|${qualifier}${code} ${String(partition).padStart(2, '0')} ${String(zone).padStart(3, '0')}`;
}

const DATA = /^#?([0-9A-Fa-f]{3,16})\|([136])([0-9]{3}) ([0-9]{2}) ([0-9]{3})$/;

/** Reads `#acct|QEEE GG ZZZ` (some senders leave the # out); undefined when it is anything else. */
export function parseContactId(data: string): ContactIdEvent | undefined {
  const match = DATA.exec(data);
  if (!match) return undefined;
  const [, account, qualifier, code, partition, zone] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    account,
    qualifier: Number(qualifier) as Qualifier,
    code,
    partition: Number(partition),
    zone: Number(zone),
  };
}

/** The events of levels (SIA DC-05). */
const levelCodes: Partial<Record<SignalType, string>> = {
  fire: '110',
  smoke: '111',
  heat: '114',
  'call-point': '115',
  intrusion: '130',
  tamper: '137',
  gas: '151',
  water: '154',
  'carbon-monoxide': '162',
};

/**
 * E120 panic, E121 duress, E122 silent panic, E601 manual test, E602 periodic test, E607 walk test (drills);
 * the code of a level; a panel's event is what the panel says.
 */
export function eventCodeFor(signal: {
  type: SignalType;
  mode: Mode;
  silent: boolean;
  /** Of a `panel` event. */
  panelCode?: string;
}): string {
  if (signal.mode === 'probe') return '602';
  if (signal.mode === 'drill') return '607';
  if (signal.mode === 'test' || signal.type === 'test') return '601';
  if (signal.type === 'panel' && signal.panelCode !== undefined) return signal.panelCode;
  if (signal.type === 'duress') return '121';
  const level = levelCodes[signal.type];
  if (level !== undefined) return level;
  return signal.silent ? '122' : '120';
}
