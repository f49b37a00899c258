import type { Door } from '#platform/doors/door.ts';
import type { Clock } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { Command } from '#protocols/messages/command.ts';
import type { ActResult } from '../driver.ts';
import type { SelfTest } from '../devices.ts';
import type { Answer } from './commands.ts';

/** A unit that has not answered its self-test by then has failed it, ms. */
const selfTestMs = 60_000;

export interface Probing {
  readonly clock: Clock;
  /** The edge's own way to the primary centre. */
  readonly direct: { door: Pick<Door, 'supervision'>; takesTests: boolean } | null;
  /** Throws or rejects with a sentence when there is no such device, or it cannot. */
  selfTest(device: string): Promise<ActResult>;
  tested(device: string, result: SelfTest): void;
  /** Raises the probe's signal; returns its name. */
  raise(device: string, route: 'cloud' | 'direct', proof: 'door' | undefined): string;
}

/**
 * Has the button test itself and, when it has passed, sends a probe from it over one of the two ways to 110. A
 * centre that takes no tests is spared: then the proof ends at its door, by the supervision's last answer.
 */
export async function runProbe(
  { clock, direct, selfTest, tested, raise }: Probing,
  { device, route }: Pick<Extract<Command, { kind: 'probe' }>, 'device' | 'route'>,
): Promise<Answer> {
  if (route === 'direct' && !direct) throw new Error('this gateway has no direct path');
  const result = await testedWithin(clock, () => selfTest(device), tested, device);
  const toDoor = route === 'direct' && !direct!.takesTests;
  if (toDoor) {
    const supervision = direct!.door.supervision();
    if (supervision.state !== 'answering') {
      const why = supervision.state === 'silent' ? `: ${supervision.reason}` : '';
      throw new Error(`the primary centre does not answer on the direct path${why}`);
    }
  }
  const signal = raise(device, route, toDoor ? 'door' : undefined);
  const facts = { ...result.facts, signal, route, ...(toDoor && { proved: 'door' }) };
  return { ok: true, detail: result.detail, facts };
}

async function testedWithin(
  clock: Clock,
  selfTest: () => Promise<ActResult>,
  tested: Probing['tested'],
  device: string,
): Promise<ActResult> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(selfTestMs, () =>
    late.reject(new Error(`no answer to the self-test within ${selfTestMs / 1000} s`)),
  );
  try {
    const result = await Promise.race([selfTest(), late.promise]);
    tested(device, { passed: true });
    return result;
  } catch (error) {
    tested(device, { passed: false, reason: reasonOf(error) });
    throw error;
  } finally {
    cancel();
  }
}
