import { Buffer } from 'node:buffer';
import { backoff } from '#platform/backoff.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { ApiCommand } from '#protocols/api.ts';
import { type Command, command, type Reply } from '#protocols/messages/command.ts';
import type { Store } from '../store/store.ts';
import { type CommandRow, commandOf } from './row.ts';

/** Commands that may wait for their replies at once; more are refused, and the asker is told. */
export const waitingLimit = 5_000;
/** A command and what came of it are kept for so long. */
export const keptMs = 90 * 86_400_000;
/** Old ones that go with each new one: more than one, so that they come to an end. */
const forgottenAtOnce = 20;
/** Between two sendings of a command without a reply. It runs once, however often it comes. */
const pace = { firstMs: 1_000, maxMs: 15_000 };

type WithoutCommon<T> = T extends unknown ? Omit<T, 'id' | 'expires_at'> : never;
/** A command without its id and expiry, which are given here. */
export type Order = WithoutCommon<Command>;

export interface Asked {
  id: string;
  /** The command once it is answered or expired; never rejects. */
  settled: Promise<ApiCommand>;
}

/** Commands to gateways: kept before they are sent, sent until they are answered or expire, run once. */
export interface Commands {
  /** `expiresInMs` from now by the cloud's clock. Rejects with a `DatabaseError`, or when too many wait. */
  send(
    to: { campus: string; gateway: string },
    order: Order,
    how: { by: string | null; expiresInMs: number },
  ): Promise<Asked>;
  /** A gateway's answer. One from another gateway than the command's, or a second one, changes nothing. */
  onReply(gateway: string, reply: Reply): void;
  /** What is known of it now, settled or not. */
  get(id: string): Promise<ApiCommand | null>;
  /** What a command that is still awaited comes to; null when nobody waits for it any more. */
  awaiting(id: string): Promise<ApiCommand> | null;
  /** Nobody wants its reply any more: it is not sent again. What was sent may still run. */
  withdraw(id: string): Promise<void>;
  close(): void;
}

interface Waiting {
  campus: string;
  gateway: string;
  message: Command;
  settled: PromiseWithResolvers<ApiCommand>;
  cancel: () => void;
  answered: boolean;
}

export interface CommandsParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  /** Publishes down to a gateway, if the link is up; what is lost is sent again. */
  publish(campus: string, gateway: string, message: Command): void;
}

/** Starts with the commands of before that have neither a reply nor expired: they are sent again. */
export async function startCommands(parts: CommandsParts): Promise<Commands> {
  const { clock, random, log, store, publish } = parts;
  const waiting = new Map<string, Waiting>();
  let closed = false;

  async function get(id: string): Promise<ApiCommand | null> {
    const [row] = await store.read<CommandRow>('SELECT * FROM commands WHERE id = ?', [id]);
    return row === undefined ? null : commandOf(row);
  }

  /** Writes the end of it and tells who waits. A disk that fails is tried again: the reply comes but once. */
  async function settle(id: string, change: { sql: string; params: (string | number | boolean)[] }) {
    const wait = backoff(pace, random);
    for (;;) {
      if (closed) return;
      try {
        await store.commit(
          [{ sql: `UPDATE commands SET ${change.sql} WHERE id = ?`, params: [...change.params, id] }],
          [{ type: 'command', subject: id }],
        );
        const now = await get(id);
        const asked = waiting.get(id);
        waiting.delete(id);
        if (now !== null) asked?.settled.resolve(now);
        return;
      } catch (error) {
        log.error('the end of a command could not be written, and is tried again', { command: id, error });
        await new Promise<void>((resolve) => void clock.after(wait.next(), resolve));
      }
    }
  }

  function expire(id: string): Promise<void> {
    const asked = waiting.get(id);
    if (asked === undefined || asked.answered) return Promise.resolve();
    asked.answered = true;
    asked.cancel();
    return settle(id, { sql: 'closed_at = ?', params: [Math.round(clock.wall())] });
  }

  function pursue(id: string, campus: string, gateway: string, message: Command): Waiting {
    const asked: Waiting = {
      campus,
      gateway,
      message,
      settled: Promise.withResolvers<ApiCommand>(),
      cancel: () => {},
      answered: false,
    };
    waiting.set(id, asked);
    // Durations by the monotonic clock: a jump of the wall clock must not keep a command alive.
    const until = clock.monotonic() + Math.max(0, message.expires_at - clock.wall());
    const wait = backoff(pace, random);
    const turn = (): void => {
      const left = until - clock.monotonic();
      if (left <= 0) return void expire(id);
      publish(campus, gateway, message);
      asked.cancel = clock.after(Math.min(left, wait.next()), turn);
    };
    turn();
    return asked;
  }

  const open = await store.read<CommandRow>('SELECT * FROM commands WHERE closed_at IS NULL');
  for (const row of open) {
    pursue(row.id, row.campus, row.gateway, command.parse(JSON.parse(row.command)));
  }

  return {
    async send({ campus, gateway }, order, { by, expiresInMs }) {
      if (waiting.size >= waitingLimit) throw new Error(`${waitingLimit} commands already wait for replies`);
      const id = Buffer.from(random.bytes(8)).toString('hex');
      const now = Math.round(clock.wall());
      const message = { ...order, id, expires_at: now + Math.round(expiresInMs) } as Command;
      const device = 'device' in message ? message.device : null;
      await store.commit(
        [
          {
            sql: `INSERT INTO commands (id, campus, gateway, device, kind, command, asked_by, sent_at, expires_at)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            params: [
              id,
              campus,
              gateway,
              device,
              message.kind,
              JSON.stringify(message),
              by,
              now,
              message.expires_at,
            ],
          },
          {
            sql: `DELETE FROM commands WHERE id IN (SELECT id FROM commands
                    WHERE sent_at < ? AND closed_at IS NOT NULL ORDER BY sent_at LIMIT ${forgottenAtOnce})`,
            params: [now - keptMs],
          },
        ],
        [{ type: 'command', subject: id }],
      );
      return { id, settled: pursue(id, campus, gateway, message).settled.promise };
    },

    onReply(gateway, reply) {
      const asked = waiting.get(reply.command);
      const at = Math.round(clock.wall());
      const facts = JSON.stringify(reply.facts);
      if (asked === undefined) {
        // It ran in time, and its reply was long on the way: still worth knowing.
        store
          .commit(
            [
              {
                sql: `UPDATE commands SET replied_at = ?, ok = ?, detail = ?, facts = ?
                      WHERE id = ? AND gateway = ? AND replied_at IS NULL`,
                params: [at, reply.ok, reply.detail, facts, reply.command, gateway],
              },
            ],
            [
              {
                type: 'command',
                subjectsOf: {
                  sql: 'SELECT id AS subject FROM commands WHERE id = ? AND gateway = ? AND replied_at = ?',
                  params: [reply.command, gateway, at],
                },
              },
            ],
          )
          .catch((error: unknown) => log.error('a late reply could not be written', { gateway, error }));
        return;
      }
      if (asked.gateway !== gateway || asked.answered) return;
      asked.answered = true;
      asked.cancel();
      void settle(reply.command, {
        sql: 'closed_at = ?, replied_at = ?, ok = ?, detail = ?, facts = ?',
        params: [at, at, reply.ok, reply.detail, facts],
      });
    },

    get,
    awaiting: (id) => waiting.get(id)?.settled.promise ?? null,
    withdraw: expire,
    close() {
      closed = true;
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
