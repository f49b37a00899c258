import type { Statement } from '#platform/ports.ts';
import type { Step } from '../incidents/incidents.ts';
import type { DoorFailure, ToldAlarm } from './alarm-alerts.ts';
import type { Owed } from './owed.ts';

/** An alarm on its way to the centres that are owed it. */
export interface Pursuit extends Owed {
  /** Centres without a receipt. */
  open: Set<string>;
  released: boolean;
  /** What the primary's doors said last. */
  failure: DoorFailure | null;
  cancelAlert: () => void;
  /** What is still to be written of its hand-over. */
  handover: { steps: Step[]; statements: Statement[]; cancel: () => void } | null;
}

/** What is still to be written of its hand-over, for whoever writes it. */
export function takeHandover(pursuit: Pursuit): { steps: Step[]; statements: Statement[] } {
  const { handover } = pursuit;
  pursuit.handover = null;
  handover?.cancel();
  return handover ?? { steps: [], statements: [] };
}

/** The alarm as people are told of it. */
export function toldOf({ door: { name, mode }, campus, gateway, device }: Owed): ToldAlarm {
  return { name, mode, campus, gateway, device };
}
