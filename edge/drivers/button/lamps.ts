import type { PressOrigin } from '#protocols/button-frame/frame.ts';
import { lampRepeatDelayMs, lampSpacingMs } from '#protocols/button-frame/timing.ts';
import type { Clock, Randomness } from '#platform/ports.ts';
import { originText } from '#protocols/signal.ts';
import type { LampState } from '#protocols/signal.ts';

interface Command {
  origin: PressOrigin;
  state: LampState;
  copies: number;
  confirmed(at: number): void;
  cancel(): void;
}

/** The lamp commands of one line: each is repeated until the unit confirms it, none crowds out the others. */
export interface LampCommands {
  show(origin: PressOrigin, state: LampState, confirmed: (at: number) => void): () => void;
  onConfirm(origin: PressOrigin, state: LampState): void;
  /** The line is open (again): what waits is sent now. */
  onOpen(): void;
  close(): void;
}

export function createLampCommands(
  world: { clock: Clock; random: Randomness },
  line: { ready(): boolean; send(origin: PressOrigin, state: LampState): void },
): LampCommands {
  const { clock, random } = world;
  const commands = new Map<string, Command>();
  /** What is to be sent as soon as the spacing allows, in order. */
  let due: Command[] = [];
  let cancelPump: (() => void) | null = null;

  function enqueue(command: Command): void {
    due.push(command);
    if (cancelPump === null) pump();
  }

  function pump(): void {
    cancelPump = null;
    // A closed line waits for onOpen.
    if (!line.ready()) due = [];
    const command = due.shift();
    if (command === undefined) return;
    command.copies += 1;
    line.send(command.origin, command.state);
    const wait = lampRepeatDelayMs(command.copies, random.fraction());
    command.cancel = clock.after(wait, () => enqueue(command));
    cancelPump = clock.after(lampSpacingMs, pump);
  }

  function drop(key: string): void {
    const command = commands.get(key);
    if (command === undefined) return;
    command.cancel();
    due = due.filter((d) => d !== command);
    commands.delete(key);
  }

  return {
    show(origin, state, confirmed) {
      const key = originText(origin);
      drop(key);
      const command: Command = { origin, state, copies: 0, confirmed, cancel: () => {} };
      commands.set(key, command);
      enqueue(command);
      return () => {
        if (commands.get(key) === command) drop(key);
      };
    },
    onConfirm(origin, state) {
      const key = originText(origin);
      const command = commands.get(key);
      if (command?.state !== state) return;
      drop(key);
      command.confirmed(clock.monotonic());
    },
    onOpen() {
      due = [];
      for (const command of commands.values()) {
        command.cancel();
        command.copies = 0;
        enqueue(command);
      }
    },
    close() {
      for (const command of commands.values()) command.cancel();
      commands.clear();
      due = [];
      cancelPump?.();
    },
  };
}
