import { eventCodeFor } from '#protocols/contact-id.ts';
import type { Mode, Origin, SignalFacts, SignalType, Summed } from '#protocols/signal.ts';

export interface Happening {
  device: string;
  mode: Mode;
  type: SignalType;
  origin: Origin | null;
  silent: boolean;
  panelCode?: string;
  sum?: Summed;
  /** Of a probe. */
  route?: 'cloud' | 'direct';
  /** UTC ms by the cloud's clock as far as it is known. */
  occurredAt: number;
  clockKnown: boolean;
}

/** Only a frame of type *test* is a test, and only a plain press within a declared drill is one: else it is real. */
export function modeOf(type: SignalType, inDrill: () => boolean): Mode {
  if (type === 'test') return 'test';
  return type === 'press' && inDrill() ? 'drill' : 'real';
}

/** The facts of an alarm, fixed at the press. */
export function factsOf(happening: Happening, point: { account: string; zone: number }): SignalFacts {
  const { device, type, mode, origin, silent, panelCode, sum, route } = happening;
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
    ...(sum && { sum }),
    ...(route && { route }),
  };
}
