import type { z } from 'zod';
import type { Clock, ListenPort, Log, Randomness } from '#platform/ports.ts';

/** What a person's hand, or a fault, can do to a simulated part. */
export interface Act {
  /** What the act is told, as JSON. */
  input: z.ZodType;
  /** Rejects with a `ZodError` where `input` is not as the schema wants it. */
  run(input: unknown): Promise<unknown>;
}

export function act<Input extends z.ZodType>(input: Input, run: (input: z.output<Input>) => unknown): Act {
  return { input, run: async (given) => run(input.parse(given)) };
}

/** One thing that hangs on a wall: a button, a camera, one sensor of a bus. Or a 110 centre. */
export interface SimulatedPart<Description = unknown> {
  /** Unique within its group. */
  id: string;
  /** What sim.json says of it beside its id: all that somebody needs to reach it. */
  description: Description;
  /** What edge.yaml says of a device on this part, beside id and zone: driver, address, login. Null: no device. */
  wiring: Readonly<Record<string, unknown>> | null;
  /** What can be seen of it now, as JSON. */
  state(): unknown;
  /** Longer lists than belong into a state, by name: presses, frames. */
  records?: Readonly<Record<string, () => unknown>>;
  acts: Readonly<Record<string, Act>>;
}

/** One running entry of sim.yaml: a part, or a bus of them. */
export interface RunningEntry<Description = unknown> {
  parts: readonly SimulatedPart<Description>[];
  close(): Promise<void>;
}

/** What an entry is given to run with. */
export interface Bench {
  clock: Clock;
  random: Randomness;
  listen: ListenPort;
  log: Log;
  /** Where everything is served: loopback. */
  host: string;
  /** Where the part keeps its files between two starts. */
  folder: string;
  /** Where the tty of this name is linked. */
  tty(name: string): string;
  /** Serves at the port that the file asks for, else (0) at last time's, else at a free one. */
  atPort<T extends { port: number | null }>(wanted: number, serve: (port: number) => Promise<T>): Promise<T>;
}

/**
 * A kind of simulated hardware: all that configuration, sim.json, control door and scenarios know of it. A new
 * one is a file with one of these, and its line in `kinds.ts`.
 */
export interface SimulatorKind<
  Entry extends z.ZodType = z.ZodType,
  Group extends string = string,
  Description extends z.ZodObject = z.ZodObject,
> {
  /** One entry of its list in sim.yaml. It has an `id`. */
  entry: Entry;
  /** The list of sim.json that its parts are in, and where the control door has them: `/{group}/{id}`. */
  group: Group;
  /** What sim.json says of a part, beside its id and wiring. */
  description: Description;
  start(bench: Bench, entry: z.output<Entry>): Promise<RunningEntry<z.output<Description>>>;
}

/** Keeps the types of a kind that is written down in full. */
export const simulatorKind = <Entry extends z.ZodType, Group extends string, Description extends z.ZodObject>(
  kind: SimulatorKind<Entry, Group, Description>,
): SimulatorKind<Entry, Group, Description> => kind;
