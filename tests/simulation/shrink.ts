import type { Hand } from './crew.ts';
import { type DayOptions, planOf } from './plan.ts';
import type { Promised } from './promises.ts';

/** Days that are lived at most to make a failure smaller. */
const budget = 60;

/**
 * The same day with as much left out as can be while it still goes wrong in the same way: troubles first, then
 * presses, by halves (delta debugging, Zeller 1999).
 */
export async function shrink(hand: Hand, options: DayOptions, promise: Promised): Promise<DayOptions> {
  const plan = planOf(options);
  let only = {
    presses: plan.presses.map((_, i) => i),
    strikes: plan.strikes.map((_, i) => i),
    goodBroker: false,
  };
  let lived = 0;
  const fails = async (less: typeof only): Promise<boolean> => {
    if (lived >= budget) return false;
    lived += 1;
    const day = await hand.live({ ...options, only: less }, { stopAtFirst: true, tracing: false });
    return day.wrongs[promise] !== undefined;
  };
  const keep = async (less: typeof only): Promise<boolean> => {
    const still = await fails(less);
    if (still) only = less;
    return still;
  };

  await keep({ ...only, goodBroker: true });
  await keep({ ...only, presses: [] });
  for (const what of ['strikes', 'presses'] as const) {
    for (let size = Math.ceil(only[what].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < only[what].length;) {
        const less = { ...only, [what]: only[what].toSpliced(from, size) };
        if (!(await keep(less))) from += size;
      }
    }
  }
  return { ...options, only };
}

/** What people type to see this very day again. */
export function commandOf({ seed, presses, only }: DayOptions): string {
  const parts = [`npm run simulate -- --seed ${seed} --presses ${presses}`];
  if (only?.presses) parts.push(`--only-presses ${only.presses.join(',') || 'none'}`);
  if (only?.strikes) parts.push(`--only-troubles ${only.strikes.join(',') || 'none'}`);
  if (only?.goodBroker) parts.push('--good-broker');
  return parts.join(' ');
}
