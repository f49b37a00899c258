import type { MqttMessage } from '#platform/ports.ts';
import type { Life } from './life.ts';
import type { Network } from './network.ts';
import type { Seeded } from './seeded.ts';
import type { Timeline } from './timeline.ts';

const pingMs = 10_000;
/** Silence that ends a session: half a keep-alive more (MQTT 3.1.1, 3.1.2.10). */
const keepAliveGraceMs = 5000;

/** One clean session at the broker. */
export interface Session {
  clientId: string;
  life: Life;
  filters: readonly string[];
  will: MqttMessage | undefined;
  /** False as soon as the broker knows the connection as ended. */
  open: boolean;
  receive(message: MqttMessage): void;
  cut(reason: string): void;
  /** Messages of one connection arrive in the order in which the broker sent them. */
  arrivedUntil: number;
  sentUntil: number;
}

/** Probabilities of what goes wrong, each for one message. */
export interface BrokerFaults {
  /** The publisher's connection breaks before the broker has the message. */
  lost: number;
  /** The broker has it, but the publisher's connection breaks before the PUBACK. */
  lostPuback: number;
  /** A subscriber gets it twice. */
  duplicate: number;
  /** A subscriber gets it up to a second late, after messages that were sent later. */
  reorder: number;
  /** A subscriber's connection breaks, and the message with it. */
  cutSubscriber: number;
}

/**
 * An MQTT broker as bad as brokers are: it acknowledges before anybody has the message, and forgets. Among the
 * black holes of the network its name is `broker`.
 */
export class Broker {
  faults: BrokerFaults = { lost: 0, lostPuback: 0, duplicate: 0, reorder: 0, cutSubscriber: 0 };
  /** Milliseconds of one way between a client and the broker: [least, most]. */
  delayMs: [number, number] = [0.2, 3];
  /** Messages that vanish in the broker after their PUBACK. */
  swallows: (message: MqttMessage) => boolean = () => false;
  #running = true;
  readonly #sessions = new Map<string, Session>();
  readonly #timeline: Timeline;
  readonly #random: Seeded;
  readonly #network: Network;
  readonly #trace: (what: string | (() => string)) => void;

  constructor(
    timeline: Timeline,
    random: Seeded,
    network: Network,
    trace: (what: string | (() => string)) => void,
  ) {
    this.#timeline = timeline;
    this.#random = random;
    this.#network = network;
    this.#trace = trace;
  }

  /** Dies without a word: sessions, wills and all that was on its way are forgotten. */
  stop(): void {
    this.#running = false;
    this.#trace('the broker stops');
    for (const session of this.#sessions.values()) {
      session.open = false;
      session.cut('the broker closed the connection');
    }
    this.#sessions.clear();
  }

  start(): void {
    this.#running = true;
    this.#trace('the broker starts');
  }

  restart(downMs = 500): void {
    this.stop();
    this.#timeline.after(downMs, () => this.start());
  }

  /** Breaks the connection of one client; the broker publishes its will. */
  cut(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined) return;
    this.leave(session);
    session.cut('the broker closed the connection');
  }

  /** Clients that the broker knows as connected. */
  get clients(): string[] {
    return [...this.#sessions.keys()];
  }

  /** @internal */
  reachable(life: Life): boolean {
    return !this.#network.blocked([life.machine, 'broker']);
  }

  /** @internal */
  get running(): boolean {
    return this.#running;
  }

  /** @internal */
  get now(): number {
    return this.#timeline.now;
  }

  /** @internal Brings what a client has sent to the broker, in order, unless the connection ends before. */
  carry(session: Session, then: () => void): void {
    const at = Math.max(session.sentUntil, this.now + this.delay());
    session.sentUntil = at;
    const blocked = !this.reachable(session.life);
    this.#timeline.after(at - this.now, () => {
      if (session.open && !blocked && this.reachable(session.life)) then();
    });
  }

  /** @internal */
  delay(): number {
    return this.#random.between(...this.delayMs);
  }

  /** @internal */
  chance(fault: keyof BrokerFaults): boolean {
    return this.#random.chance(this.faults[fault]);
  }

  /** @internal */
  join(session: Session): void {
    const earlier = this.#sessions.get(session.clientId);
    if (earlier !== undefined) {
      this.leave(earlier);
      earlier.cut('another connection has taken this client id');
    }
    this.#sessions.set(session.clientId, session);
    this.#trace(`the broker lets ${session.clientId} in`);
    this.#watch(session);
  }

  /** @internal The connection ended without a DISCONNECT: its will is published. */
  leave(session: Session): void {
    if (!session.open) return;
    session.open = false;
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
    if (session.will !== undefined) this.route(session.will);
  }

  /** @internal */
  route(message: MqttMessage): void {
    this.#trace(() => `the broker gets ${message.topic} ${Buffer.from(message.payload).toString()}`);
    if (this.swallows(message)) return;
    for (const session of this.#sessions.values()) {
      if (!session.filters.some((filter) => matches(filter, message.topic))) continue;
      if (this.chance('cutSubscriber')) {
        this.cut(session.clientId);
        continue;
      }
      this.#deliver(session, message);
      if (this.chance('duplicate')) this.#deliver(session, message);
    }
  }

  #deliver(session: Session, message: MqttMessage): void {
    const { now } = this.#timeline;
    let at = now + this.delay();
    if (this.chance('reorder')) at += this.#random.between(0, 1000);
    else session.arrivedUntil = at = Math.max(session.arrivedUntil, at);
    session.life.after(at - now, () => {
      if (session.open && this.reachable(session.life)) session.receive(message);
    });
  }

  /** Keep-alive, as both sides see it. */
  #watch(session: Session): void {
    this.#timeline.after(pingMs, () => {
      if (!session.open) return;
      if (session.life.alive && this.reachable(session.life)) this.#watch(session);
      else {
        this.#timeline.after(keepAliveGraceMs, () => {
          if (!session.open) return;
          if (session.life.alive && this.reachable(session.life)) this.#watch(session);
          else {
            this.leave(session);
            session.cut('Keepalive timeout');
          }
        });
      }
    });
  }
}

/** Whether a topic filter with `+` and `#` takes a topic (MQTT 3.1.1, 4.7). */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [i, want] of wanted.entries()) {
    if (want === '#') return true;
    if (i >= levels.length || (want !== '+' && want !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}
