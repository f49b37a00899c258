import type { Mode } from '#protocols/signal.ts';

/** An alarm as a door needs it: fixed at the press, so that the cloud's and the edge's copies are equal. */
export interface DoorSignal {
  /** `nameText` of the signal: also the Idempotency-Key where a door knows such a thing. */
  name: string;
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
}

/** One try of a door. `next`: this door gives no receipt now; its own retries are already spent. */
export type DoorResult =
  | { kind: 'receipt'; reference: string; at: number; raw: Uint8Array }
  | { kind: 'next'; fault: DoorFault; reason: string };

/** `refused` (a second NAK, or DUH) means that the centre is there and will not take it: people are told. */
export type DoorFault = 'unreachable' | 'silent' | 'refused' | 'closed';

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
