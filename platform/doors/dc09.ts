import { z } from 'zod';
import type { CentreClock, Door, DoorResult, DoorSignal } from '#platform/doors/door.ts';
import type { Clock, Log, Randomness, StreamAddress, StreamPort } from '#platform/ports.ts';
import { encodeContactId } from '#protocols/contact-id.ts';
import { type ConversationTimes, longestConversationMs, type Oddity } from '#protocols/dc09/conversation.ts';
import { type Dc09Frame, encodeFrame } from '#protocols/dc09/frame.ts';
import { formatTimestamp } from '#protocols/dc09/timestamp.ts';
import { account, id } from '#protocols/signal.ts';
import {
  type ConnectionContext,
  Dc09Connection,
  type ExchangeOutcome,
  type Submission,
} from './dc09-connection.ts';
import { ConnectionPool } from './dc09-pool.ts';
import { type Asked, DoorSupervision } from './supervision.ts';

const number = z.string().regex(/^[0-9A-F]{1,6}$/, 'use 1 to 6 of 0-9 and A-F');

/** A receiver that speaks SIA DC-09 (ADM-CID) over TCP. */
export const dc09DoorConfig = z.strictObject({
  id,
  kind: z.literal('dc09'),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  /** Address of the interface to leave by, where the machine has two. */
  local_address: z.string().min(1).optional(),
  /** Receiver number (R); none is sent by default. */
  receiver: number.optional(),
  /** Account prefix (L). */
  line: number.default('0'),
  /** Alarms in flight at once: one a connection. */
  connections: z.int().min(1).max(16).default(4),
  ack_timeout_ms: z.int().min(10).max(60_000).default(400),
  connect_timeout_ms: z.int().min(10).max(60_000).default(1000),
  /** NULL messages under an account of their own. */
  supervision: z.strictObject({ account, interval_s: z.int().min(1).max(86_400).default(30) }).optional(),
});
export type Dc09DoorConfig = z.infer<typeof dc09DoorConfig>;

export interface Dc09DoorPorts {
  clock: Clock;
  random: Randomness;
  streams: StreamPort;
  log: Log;
  /** Shared by the doors of one centre. */
  centreClock: CentreClock;
}

export interface Dc09Door extends Door {
  /** What was survived so far, by kind. */
  oddities(): Readonly<Record<Oddity, number>>;
}

/** How long after the press a frame carries the press's own time: receivers refuse what is over 40 s old. */
const OWN_TIME_MS = 20_000;

/** `deliver` settles within this, milliseconds: one longest conversation to wait for, one to have. */
export function longestDeliveryMs(config: Dc09DoorConfig): number {
  return 2 * longestConversationMs(timesOf(config));
}

function timesOf(config: Dc09DoorConfig): ConversationTimes {
  return { ackMs: config.ack_timeout_ms, connectMs: config.connect_timeout_ms };
}

/**
 * Opens the door: supervision begins at once, alarm connections are opened when first needed and then kept.
 * When all are busy an alarm waits its turn; it never waits behind a NULL.
 */
export function dc09Door(config: Dc09DoorConfig, ports: Dc09DoorPorts): Dc09Door {
  const { clock, random, centreClock } = ports;
  const log = ports.log.child({ door: config.id });
  const times = timesOf(config);
  const address: StreamAddress = { kind: 'tcp', host: config.host, port: config.port };
  if (config.local_address !== undefined) address.localAddress = config.local_address;
  const oddities: Record<Oddity, number> = { damaged: 0, noise: 0, unexpected: 0, deviation: 0 };
  const context: ConnectionContext = {
    clock,
    streams: ports.streams,
    address,
    times,
    onReceiverTime(utcMs) {
      centreClock.offsetMs = utcMs - clock.wall();
      log.warn('the receiver refused a timestamp', { offset_ms: centreClock.offsetMs });
    },
    onOddity(oddity, detail) {
      oddities[oddity]++;
      log.warn('an odd answer was survived', { oddity, detail });
    },
  };
  const pool = new ConnectionPool(
    Array.from({ length: config.connections }, () => new Dc09Connection(context)),
    clock,
    longestConversationMs(times),
  );
  const supervised = config.supervision && supervisedBy(config.supervision);

  function centreTime(): number {
    return clock.wall() + centreClock.offsetMs;
  }

  /** NULL messages (DC-09 5.5.2), on a connection of their own: no alarm waits behind one. */
  function supervisedBy({ account, interval_s }: NonNullable<Dc09DoorConfig['supervision']>) {
    const connection = new Dc09Connection(context);
    const question: Submission = {
      account,
      sequence: 0,
      compose: () => ({
        ...frameBase(config),
        token: 'NULL',
        sequence: 0,
        account,
        timestamp: centreTime(),
      }),
    };
    const ask = async (): Promise<Asked> => {
      const outcome = await connection.exchange(question);
      return outcome.kind === 'acknowledged'
        ? { kind: 'answered', roundTripMs: outcome.roundTripMs }
        : { kind: 'missed', reason: `${outcome.fault}: ${outcome.reason}` };
    };
    return {
      connection,
      supervision: new DoorSupervision({ clock, random, log }, ask, interval_s * 1000),
    };
  }

  function composeAlarm(signal: DoorSignal, corrected: boolean): Dc09Frame {
    // The copies of cloud and edge race; while they carry the press's own time they are equal byte for byte.
    const ownTime =
      signal.clockKnown && !corrected && clock.monotonic() - signal.pressedAtMonotonic <= OWN_TIME_MS;
    return {
      ...frameBase(config),
      token: 'ADM-CID',
      sequence: signal.sequence,
      account: signal.account,
      data: encodeContactId({
        account: signal.account,
        qualifier: 1,
        code: signal.code,
        partition: 0,
        zone: signal.zone,
      }),
      fields: signal.clockKnown ? [{ key: 'H', value: formatTimestamp(signal.occurredAt) }] : [],
      timestamp: ownTime ? signal.occurredAt : centreTime(),
    };
  }

  return {
    id: config.id,
    async deliver(signal) {
      const submission: Submission = {
        account: signal.account,
        sequence: signal.sequence,
        compose: (corrected) => composeAlarm(signal, corrected),
      };
      try {
        encodeFrame(submission.compose(false));
      } catch (error) {
        return { kind: 'next', fault: 'refused', reason: `this door has no words for it: ${String(error)}` };
      }
      const outcome = await pool.exchange(submission);
      if (outcome.kind === 'failed' && outcome.fault !== 'refused') supervised?.supervision.doubt();
      return doorResult(outcome, clock.wall());
    },
    supervision: () => supervised?.supervision.state ?? { state: 'unknown' },
    oddities: () => ({ ...oddities }),
    async close() {
      supervised?.supervision.close();
      supervised?.connection.close();
      pool.close();
    },
  };
}

function frameBase({
  receiver,
  line,
}: Dc09DoorConfig): Pick<Dc09Frame, 'receiver' | 'line' | 'data' | 'fields'> {
  return { receiver, line, data: '', fields: [] };
}

function doorResult(outcome: ExchangeOutcome, now: number): DoorResult {
  if (outcome.kind === 'failed') return { kind: 'next', fault: outcome.fault, reason: outcome.reason };
  const { ack, raw } = outcome;
  const reference = `ACK ${String(ack.sequence).padStart(4, '0')} #${ack.account}`;
  return { kind: 'receipt', reference, at: now, raw };
}
