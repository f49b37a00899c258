import type { Clock, Log } from '#platform/ports.ts';
import { type Reply, reply } from '#protocols/messages/command.ts';
import { type StateLaneMessage, stateLaneMessage } from '#protocols/messages/state.ts';
import { type TelemetryLaneMessage, telemetryLaneMessage } from '#protocols/messages/telemetry.ts';
import { parseTopic } from '#protocols/messages/topics.ts';
import type { Quarantine } from './quarantine.ts';
import { read } from './reading.ts';
import type { Shedding } from './shedding.ts';

/** Telemetry messages that may wait for the store. Those above it are put off: their edge sends them again. */
export const telemetryWaitingLimit = 1000;

/** Where what is read goes. */
export interface BulkSinks {
  state(campus: string, gateway: string, message: StateLaneMessage, receivedAt: number): void;
  /** Resolves when stored; one message at a time. */
  telemetry(campus: string, gateway: string, message: TelemetryLaneMessage): Promise<void>;
  /** Tells a gateway how fast it may go on, without storing this one. */
  putOff(campus: string, gateway: string, message: TelemetryLaneMessage): Promise<void>;
  /** A gateway's answer to a command. */
  reply(gateway: string, message: Reply): void;
  /** A message of another lane: proof of life of this session. */
  spoke(campus: string, gateway: string, session: string): void;
}

interface Waiting {
  campus: string;
  gateway: string;
  message: TelemetryLaneMessage;
}

export interface BulkParts {
  clock: Clock;
  log: Log;
  quarantine: Quarantine;
  sinks: BulkSinks;
  shedding: Shedding;
  /** Called with the number of telemetry messages that wait. */
  waiting(batches: number): void;
}

/** State, telemetry and replies: what cannot be read goes to quarantine, and nothing here can delay an alarm. */
export class BulkIngest {
  readonly #parts: BulkParts;
  readonly #telemetry: Waiting[] = [];
  #working = false;
  #closed = false;

  constructor(parts: BulkParts) {
    this.#parts = parts;
  }

  /** Takes one message as it came. Returns at once and never throws. */
  onMessage(topic: string, payload: Uint8Array): void {
    if (this.#closed) return;
    const { clock, log, quarantine, sinks } = this.#parts;
    const refuse = (reason: string) => void quarantine.keep(topic, payload, reason);
    switch (parseTopic(topic)?.lane) {
      case 'state': {
        const reading = read(stateLaneMessage, topic, payload);
        if (!reading.ok) return refuse(reading.reason);
        const { campus, gateway } = reading.at;
        return sinks.state(campus, gateway, reading.message, clock.wall());
      }
      case 'telemetry': {
        const reading = read(telemetryLaneMessage, topic, payload);
        if (!reading.ok) return refuse(reading.reason);
        const { campus, gateway } = reading.at;
        sinks.spoke(campus, gateway, reading.message.session);
        return this.#enqueue({ campus, gateway, message: reading.message });
      }
      case 'reply': {
        const reading = read(reply, topic, payload);
        if (!reading.ok) return refuse(reading.reason);
        const { at, message } = reading;
        sinks.spoke(at.campus, at.gateway, message.session);
        log.info('a command was answered', { gateway: at.gateway, ...message });
        return sinks.reply(at.gateway, message);
      }
      default:
        return refuse('the topic is none of those that gateways send on');
    }
  }

  close(): void {
    this.#closed = true;
    this.#telemetry.length = 0;
  }

  #enqueue(entry: Waiting): void {
    const { shedding } = this.#parts;
    shedding.spoke(entry.gateway);
    const full = this.#telemetry.length >= telemetryWaitingLimit;
    if (full || (shedding.step === 'refused' && entry.message.kind === 'telemetry')) {
      shedding.putOff();
      this.#parts.sinks
        .putOff(entry.campus, entry.gateway, entry.message)
        .catch((error: unknown) => this.#parts.log.warn('a gateway was not put off', { error }));
      return;
    }
    this.#telemetry.push(entry);
    this.#parts.waiting(this.#telemetry.length);
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#telemetry.shift(); next !== undefined; next = this.#telemetry.shift()) {
      try {
        await this.#parts.sinks.telemetry(next.campus, next.gateway, next.message);
        this.#parts.shedding.stored();
      } catch (error) {
        // Not acknowledged, so it comes again.
        if (!this.#closed)
          this.#parts.log.error('telemetry was not stored', { gateway: next.gateway, error });
      }
      this.#parts.waiting(this.#telemetry.length);
    }
    this.#working = false;
  }
}
