import { z } from 'zod';

/** What a receiving centre can be told to do. A command that names a mode sets count, delay and frames anew. */
export const centreCommand = z.strictObject({
  /**
   * `delay`, `bad-crc` (of its answer) and `odd-ack` (the word None for absent fields) write the frame like
   * `acknowledge`; `silent`, `reset` (closes the connection unanswered) and the refusals write nothing.
   */
  mode: z
    .enum(['acknowledge', 'delay', 'refuse-nak', 'refuse-duh', 'silent', 'bad-crc', 'reset', 'odd-ack'])
    .optional(),
  delayMs: z.number().min(0).max(600_000).optional(),
  /** The mode holds for so many frames, then the centre acknowledges again. Absent: until the next command. */
  count: z.int().min(1).optional(),
  /** Which frames the mode is for, and counts. */
  frames: z.enum(['all', 'alarms', 'nulls']).optional(),
  /** The centre's clock minus the true one. Holds until changed. */
  clockOffsetMs: z.number().optional(),
  /** Answers NAK to timestamps outside −40..+20 s of its clock. Holds until changed. */
  checkTime: z.boolean().optional(),
});
export type CentreCommand = z.infer<typeof centreCommand>;
export type CentreMode = NonNullable<CentreCommand['mode']>;

/** The state behind the commands: what is to be done with the next frame. */
export class Behaviour {
  #mode: CentreMode = 'acknowledge';
  #delayMs = 0;
  #count = Number.POSITIVE_INFINITY;
  #frames: 'all' | 'alarms' | 'nulls' = 'all';
  clockOffsetMs = 0;
  checkTime = false;

  command(command: CentreCommand): void {
    this.clockOffsetMs = command.clockOffsetMs ?? this.clockOffsetMs;
    this.checkTime = command.checkTime ?? this.checkTime;
    if (command.mode === undefined) return;
    this.#mode = command.mode;
    this.#delayMs = command.delayMs ?? 0;
    this.#count = command.count ?? Number.POSITIVE_INFINITY;
    this.#frames = command.frames ?? 'all';
  }

  /** The mode for this frame, which it uses up. */
  next(kind: 'alarms' | 'nulls'): { mode: CentreMode; delayMs: number } {
    if (this.#count === 0 || (this.#frames !== 'all' && this.#frames !== kind))
      return { mode: 'acknowledge', delayMs: 0 };
    this.#count--;
    return { mode: this.#mode, delayMs: this.#mode === 'delay' ? this.#delayMs : 0 };
  }
}
