import type { ApiAlert, ApiChannel } from '#protocols/api.ts';

export type Language = ApiChannel['language'];

/** One thing to tell. */
export interface Notice {
  /** The same in every try: what the receiver recognises a repeat by. */
  id: string;
  event: 'opened' | 'repeated' | 'escalated' | 'closed';
  alert: ApiAlert;
  language: Language;
}

/** A message that tells nothing but that the way is open. */
export interface Trial {
  id: string;
  by: string;
}

/** A way of telling people. */
export interface Channel {
  id: string;
  kind: ApiChannel['kind'];
  language: Language;
  /** Messages that the other side takes within a minute; null: as many as there are. */
  perMinute: number | null;
  /** Notices that may go into one message. */
  most: number;
  /**
   * Tells the first of these, as many as fit into one message. Rejects with a sentence when that was not heard, with
   * `TooFast` when the other side asks for patience.
   */
  tell(notices: readonly Notice[]): Promise<Told>;
  /** Resolves with the other side's own words; rejects as `tell` does. */
  try(trial: Trial): Promise<string>;
}

/** `answer`: the other side's own words. */
export interface Told {
  count: number;
  answer: string;
}

/** The other side counts our messages and takes no more for now. */
export class TooFast extends Error {
  override readonly name = 'TooFast';
}
