import type { Output, PressOrigin, SelfTestOutcome, Supply } from '#protocols/button-frame/frame.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { Misbehaviour } from './bad-line.ts';
import type { ButtonMemory } from './memory.ts';
import type { PressLamp, PressRecord } from './press.ts';

export interface ButtonConfig {
  serial: number;
  /** 0 on a line of its own; on a bus it speaks only when it is polled. */
  address?: number;
  silent?: boolean;
  heartbeatMs?: number;
  firmware?: { major: number; minor: number };
}

export interface ButtonParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  /** The unit's non-volatile memory. It is changed in place, and `save` is called after each change. */
  memory: ButtonMemory;
  save?(memory: ButtonMemory): void;
}

/** What a person or a fault does to the unit, and what can be seen of it. */
export interface Button {
  press(): PressOrigin;
  longPress(): PressOrigin;
  secondPress(): PressOrigin;
  test(): PressOrigin;
  duress(): PressOrigin;
  /** Somebody sets another address in it. */
  setAddress(address: number): void;
  /** Bytes from the host. */
  receive(bytes: Uint8Array): void;
  setTamper(open: boolean): void;
  /** Percent; null: no battery. */
  setBattery(percent: number | null, supply: Supply): void;
  setSwitch(outcome: SelfTestOutcome): void;
  misbehave(line: Partial<Misbehaviour>): void;
  /** Power off and on: all but the memory is lost. */
  restart(): void;
  /** Power off. */
  stop(): void;
  /** What the lamp shows; `dark` always for a silent unit. */
  shown(): PressLamp | 'dark';
  /** What the host has switched on by hand. */
  switchedOn(): readonly Output[];
  /** What it showed and when, newest last, at most 500. */
  lampHistory(): readonly { at: number; shown: PressLamp | 'dark' }[];
  /** The presses that it remembers, oldest first, at most 64. */
  presses(): readonly PressRecord[];
}
