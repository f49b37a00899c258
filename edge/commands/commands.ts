import type { Clock, Log } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { Command, DeviceAct, Reply } from '#protocols/messages/command.ts';
import type { PicturePlan } from '#protocols/pictures.ts';
import type { ActResult } from '../driver.ts';
import type { CloudClock } from '../uplink/offset.ts';
import type { Drills } from './drills.ts';
import { type Probing, runProbe } from './probe.ts';

/** Commands of late whose answers are remembered: a command runs once. */
const commandsRemembered = 1000;
const noPictures = "this gateway's file names no address for pictures (pictures.url)";

/** What takes pictures up; null where the edge's file names no address for them. */
export interface PictureSending {
  send(jpeg: Uint8Array, to: { path: string; ticket: string }): Promise<'sent' | 'waits'>;
  keepPlan(plan: PicturePlan): Promise<void>;
}

export type Answer = Pick<Reply, 'ok' | 'detail'> & Partial<Pick<Reply, 'facts'>>;

export interface CommandSurroundings extends Omit<Probing, 'selfTest'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly cloudClock: Pick<CloudClock, 'known' | 'at'>;
  readonly drills: Drills;
  rebirth(): void;
  /** Devices whose presses a drill can be about. */
  raisesAlarms(device: string): boolean;
  /** Has a device do something. Throws or rejects with a sentence when it cannot. */
  act(device: string, act: DeviceAct): Promise<ActResult>;
  readonly pictures: PictureSending | null;
}

/**
 * Runs what comes down, each command once: a copy gets the answer again, since a reply can be lost. Null: it is
 * not answered (its first copy is running and will be, or it came too late).
 */
export function commandRunner(around: CommandSurroundings): (command: Command) => Promise<Answer | null> {
  const { clock, cloudClock, drills, log } = around;
  const answers = new Map<string, Answer | null>();

  return async (command) => {
    const before = answers.get(command.id);
    if (before !== undefined) return before;
    answers.set(command.id, null);
    if (answers.size > commandsRemembered) answers.delete(answers.keys().next().value!);
    if (cloudClock.known && cloudClock.at(clock.monotonic()) > command.expires_at) {
      log.warn('a command came after its expiry', { command: command.id, kind: command.kind });
      return null;
    }
    const answer = await run(command).catch((error: unknown) => ({ ok: false, detail: reasonOf(error) }));
    if (answers.has(command.id)) answers.set(command.id, answer);
    return answer;
  };

  async function run(command: Command): Promise<Answer> {
    switch (command.kind) {
      case 'rebirth':
        around.rebirth();
        return { ok: true, detail: '' };
      case 'act': {
        if (command.picture && !around.pictures) throw new Error(noPictures);
        const { detail, facts, picture } = await around.act(command.device, command.act);
        if (command.act.do === 'self-test') around.tested(command.device, { passed: true });
        if (!command.picture || !around.pictures) return { ok: true, detail, ...(facts && { facts }) };
        if (!picture) throw new Error(`${command.device} gave no picture`);
        const sent = await around.pictures.send(picture, command.picture);
        return { ok: true, detail, facts: { ...facts, picture: sent } };
      }
      case 'picture-plan':
        if (!around.pictures) throw new Error(noPictures);
        await around.pictures.keepPlan(command.plan);
        return { ok: true, detail: '' };
      case 'drill': {
        const strange = command.drill.devices.filter((device) => !around.raisesAlarms(device));
        if (strange.length > 0) throw new Error(`no alarm comes from ${strange.join(', ')} here`);
        await drills.declare(command.drill);
        return { ok: true, detail: '', facts: { drill: command.drill.id } };
      }
      case 'drill-end':
        drills.end(command.drill);
        return { ok: true, detail: '', facts: { drill: command.drill } };
      case 'probe':
        return runProbe(
          { ...around, selfTest: (device) => around.act(device, { do: 'self-test' }) },
          command,
        );
    }
  }
}
