import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Mode, SignalType } from '#protocols/signal.ts';

/** An alarm as a door needs it: fixed at the press, so that the cloud's and the edge's copies are equal. */
export interface DoorSignal {
  /** `nameText` of the signal: also the Idempotency-Key where a door knows such a thing. */
  name: string;
  /** `digestOf` the signal: with its name, what tells two signals apart. */
  digest: string;
  type: SignalType;
  mode: Mode;
  account: string;
  zone: number;
  /** Contact ID event. */
  code: string;
  /** DC-09 sequence number, 1 to 9999. */
  sequence: number;
  /** UTC ms of the press. */
  occurredAt: number;
  /** False: no [H] field is sent. */
  clockKnown: boolean;
  /** The press on the monotonic clock of whoever delivers now (estimated after a restart). */
  pressedAtMonotonic: number;
  /** Presses that a `sum` stands for, where that is known. */
  count?: number;
  /** Where it is and who is there, for doors that can say it. The edge does not know it. */
  place?: DoorPlace;
}

/** What an officer needs of a point, as far as the campus file says it. */
export interface DoorPlace {
  campus: Bilingual;
  /** What people call the device. */
  point?: Bilingual;
  address?: Bilingual;
  building?: Bilingual;
  storey?: Bilingual;
  room?: Bilingual;
  /** In the order in which they are to be called. */
  contacts: readonly { name: Bilingual; role?: Bilingual; phone: string }[];
  /** Of the cameras that look there, nearest first. */
  pictures: readonly { camera: Bilingual; url: string }[];
}

/** One try of a door. `next`: this door gives no receipt now; its own retries are already spent. */
export type DoorResult =
  | { kind: 'receipt'; reference: string; at: number; raw: Uint8Array }
  | { kind: 'next'; fault: DoorFault; reason: string };

/**
 * `refused` (a second NAK, or DUH; a 4xx) means that the centre is there and will not take it: people are told.
 * `failed`: it answered, but neither took nor refused it (an error of its own, an answer without a reference).
 */
export type DoorFault = 'unreachable' | 'silent' | 'failed' | 'refused' | 'closed';

export type Supervision =
  | { state: 'unknown' }
  | { state: 'answering'; since: number; roundTripMs: number }
  | { state: 'silent'; since: number; reason: string };

/** A way into a centre. It owns its connections; `deliver` may be called many times at once and never rejects. */
export interface Door {
  readonly id: string;
  deliver(signal: DoorSignal): Promise<DoorResult>;
  supervision(): Supervision;
  close(): Promise<void>;
}

/** A centre's clock as its NAKs have told it (added to our own). Shared by the doors of one centre. */
export interface CentreClock {
  offsetMs: number;
}
