import type { Body, Output, OutputOutcome } from '#protocols/button-frame/frame.ts';
import type { Clock } from '#platform/ports.ts';

/** Lamp and siren by order: each goes off by itself when its seconds are over, whatever becomes of the host. */
export function createOutputs(clock: Clock, silent: boolean) {
  const on = new Map<Output, () => void>();
  let last: { host: number; number: number; outcome: OutputOutcome } | null = null;
  return {
    on: (): readonly Output[] => [...on.keys()],
    /** Obeys once for each number, and answers each copy. */
    order({ number, output, seconds }: Extract<Body, { type: 'output' }>, host: number): OutputOutcome {
      if (last?.host === host && last.number === number) return last.outcome;
      const outcome = silent && seconds > 0 ? 'silent' : 'done';
      last = { host, number, outcome };
      if (outcome === 'silent') return outcome;
      on.get(output)?.();
      on.delete(output);
      if (seconds === 0) return outcome;
      on.set(
        output,
        clock.after(seconds * 1000, () => on.delete(output)),
      );
      return outcome;
    },
  };
}
