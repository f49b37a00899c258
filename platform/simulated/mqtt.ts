import { backoff } from '#platform/backoff.ts';
import type { MqttLink, MqttLinkOptions, MqttPort } from '#platform/ports.ts';
import type { Broker, Session } from './broker.ts';
import { type Life, never } from './life.ts';

const connectTimeoutMs = 4000;
const publishTimeoutDefaultMs = 5000;
/** A connection that held this long makes the back-off begin again. */
const heldMs = 5000;

export function simulatedMqtt(broker: Broker, life: Life): MqttPort {
  return {
    connect: (options) => {
      life.check();
      return new SimulatedLink(broker, life, options);
    },
  };
}

/** Keeps the promises of the real link, and its back-off. */
class SimulatedLink implements MqttLink {
  readonly #broker: Broker;
  readonly #life: Life;
  readonly #options: MqttLinkOptions;
  readonly #backoff;
  readonly #inFlight = new Set<(error: Error) => void>();
  #session: Session | null = null;
  #upSince = 0;
  #up = false;
  #toldDown = false;
  #closed = false;
  #cancelTimer: () => void;

  constructor(broker: Broker, life: Life, options: MqttLinkOptions) {
    this.#broker = broker;
    this.#life = life;
    this.#options = options;
    this.#backoff = backoff({ firstMs: 250, maxMs: 10_000 }, life.random);
    this.#cancelTimer = life.after(0, () => this.#connect());
    life.onEnd((how) => {
      // The kernel of a killed process closes the connection; without power only the keep-alive tells.
      if (how === 'process') this.#leave();
    });
  }

  get up(): boolean {
    return this.#up;
  }

  publish(topic: string, payload: string): Promise<void> {
    if (!this.#life.alive) return never();
    const session = this.#session;
    if (session === null || !this.#up) return Promise.reject(new Error('the broker is not connected'));
    const broker = this.#broker;
    const timeoutMs = this.#options.publishTimeoutMs ?? publishTimeoutDefaultMs;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        cancel();
        this.#inFlight.delete(settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#inFlight.add(settle);
      const cancel = this.#life.after(timeoutMs, () => {
        this.#leave();
        this.#down(session, `no PUBACK within ${timeoutMs} ms`);
      });
      const message = { topic, payload: Buffer.from(payload) };
      const lost = broker.chance('lost');
      // Not bound to this life: what the kernel has sent arrives, whatever becomes of the sender.
      broker.carry(session, () => {
        if (lost) return broker.cut(session.clientId);
        broker.route(message);
        if (broker.chance('lostPuback')) return broker.cut(session.clientId);
        this.#life.after(broker.delay(), () => {
          if (this.#session === session && broker.reachable(this.#life)) settle();
        });
      });
    });
  }

  async close(will: 'published' | 'withheld' = 'published'): Promise<void> {
    if (!this.#life.alive || this.#closed) return;
    this.#closed = true;
    if (will === 'withheld' && this.#session) this.#session.will = undefined;
    this.#cancelTimer();
    this.#leave();
    this.#end('the link was closed');
  }

  #connect(): void {
    const { clientId, subscribe, will } = this.#options;
    const broker = this.#broker;
    const session: Session = {
      clientId,
      life: this.#life,
      filters: subscribe,
      will: will?.(),
      open: true,
      receive: ({ topic, payload }) => {
        if (this.#session === session) this.#options.onMessage(topic, new Uint8Array(payload));
      },
      cut: (reason) => this.#life.after(broker.delay(), () => this.#down(session, reason)),
      arrivedUntil: 0,
      sentUntil: 0,
    };
    this.#session = session;
    if (!broker.reachable(this.#life)) {
      this.#fail(session, `no connection within ${connectTimeoutMs} ms`, connectTimeoutMs);
      return;
    }
    // TCP, CONNECT and SUBSCRIBE.
    this.#life.after(broker.delay() + broker.delay(), () => {
      if (this.#session !== session) return;
      if (!broker.running) return this.#fail(session, 'connection refused', 0);
      broker.join(session);
      this.#life.after(broker.delay(), () => {
        if (this.#session !== session || !session.open) return;
        this.#up = true;
        this.#toldDown = false;
        this.#upSince = broker.now;
        this.#options.onUp();
      });
    });
  }

  #fail(session: Session, reason: string, afterMs: number): void {
    session.open = false;
    this.#cancelTimer = this.#life.after(afterMs, () => this.#down(session, reason));
  }

  #down(session: Session, reason: string): void {
    if (session !== this.#session) return;
    const wasUp = this.#up;
    this.#end(reason);
    if (wasUp && this.#broker.now - this.#upSince >= heldMs) this.#backoff.reset();
    if (!this.#toldDown) {
      this.#toldDown = true;
      this.#options.onDown(reason);
    }
    if (!this.#closed) this.#cancelTimer = this.#life.after(this.#backoff.next(), () => this.#connect());
  }

  /** Closes the connection, if that can be told. */
  #leave(): void {
    if (this.#session !== null && this.#broker.reachable(this.#life)) this.#broker.leave(this.#session);
  }

  #end(reason: string): void {
    this.#session = null;
    this.#up = false;
    for (const settle of this.#inFlight) settle(new Error(reason));
  }
}
