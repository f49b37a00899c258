import { eventCodeFor } from '#protocols/contact-id.ts';
import type { SignalFacts, SignalType } from '#protocols/signal.ts';
import type { Origin } from '#protocols/signal.ts';

export interface Happening {
  device: string;
  type: SignalType;
  origin: Origin | null;
  silent: boolean;
  panelCode?: string;
  /** UTC ms by the cloud's clock as far as it is known. */
  occurredAt: number;
  clockKnown: boolean;
}

/**
 * The facts of an alarm, fixed at the press. Only a frame of type *test* is a test: in every doubt it is real.
 */
export function factsOf(happening: Happening, point: { account: string; zone: number }): SignalFacts {
  const { device, type, origin, silent, panelCode } = happening;
  const mode = type === 'test' ? 'test' : 'real';
  return {
    type,
    device,
    mode,
    occurred_at: Math.round(happening.occurredAt),
    clock_known: happening.clockKnown,
    account: point.account,
    zone: point.zone,
    code: eventCodeFor({ type, mode, silent, panelCode }),
    origin,
  };
}
