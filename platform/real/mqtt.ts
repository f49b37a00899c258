import mqtt from 'mqtt';
import { backoff } from '#platform/backoff.ts';
import { within } from '#platform/within.ts';
import type { Clock, Log, MqttLink, MqttLinkOptions, MqttPort, Randomness } from '#platform/ports.ts';

export interface RealMqttOptions {
  /** `mqtt://` or `mqtts://`, with user and password when the broker wants them. */
  url: string;
  clock: Clock;
  random: Randomness;
  log: Log;
  /** Time for TCP, CONNACK and SUBACK together, in milliseconds. Default 4000. */
  connectTimeoutMs?: number;
}

const keepAliveSeconds = 10;
const publishTimeoutDefaultMs = 5000;
/** A connection that held this long makes the back-off begin again. */
const heldMs = 5000;
/** What an orderly DISCONNECT may take. */
const disconnectMs = 500;
/** Publishes that may wait for their PUBACK; above it a publish is refused. */
const inFlightLimit = 1000;

/** MQTT 3.1.1 over mqtt.js, one client for each connection: its own reconnecting and queues are not used. */
export function realMqtt(settings: RealMqttOptions): MqttPort {
  const { protocol, host } = new URL(settings.url);
  if (protocol !== 'mqtt:' && protocol !== 'mqtts:') {
    throw new Error(`the broker's address must begin with mqtt:// or mqtts://, not ${protocol}//`);
  }
  return { connect: (options) => new Link(settings, options, host) };
}

class Link implements MqttLink {
  readonly #settings: RealMqttOptions;
  readonly #options: MqttLinkOptions;
  readonly #log: Log;
  readonly #backoff;
  /** Rejects a publish that waits for its PUBACK. */
  readonly #inFlight = new Set<(error: Error) => void>();
  #client: mqtt.MqttClient | null = null;
  #cancelTimer = () => {};
  #upSince: number | null = null;
  #closed = false;
  #lastReason = '';
  #toldDown = false;

  constructor(settings: RealMqttOptions, options: MqttLinkOptions, broker: string) {
    this.#settings = settings;
    this.#options = options;
    this.#log = settings.log.child({ mqtt: options.clientId, broker });
    this.#backoff = backoff({ firstMs: 250, maxMs: 10_000 }, settings.random);
    // Not at once, so that the caller holds the link before any of its callbacks.
    this.#cancelTimer = settings.clock.after(0, () => this.#connect());
  }

  get up(): boolean {
    return this.#upSince !== null;
  }

  publish(topic: string, payload: string): Promise<void> {
    const client = this.#client;
    if (client === null || !this.up) return Promise.reject(new Error('the broker is not connected'));
    if (this.#inFlight.size >= inFlightLimit) {
      return Promise.reject(new Error(`${inFlightLimit} messages wait for the broker`));
    }
    const timeoutMs = this.#options.publishTimeoutMs ?? publishTimeoutDefaultMs;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error | null) => {
        cancel();
        this.#inFlight.delete(settle);
        if (error) reject(error);
        else resolve();
      };
      const cancel = this.#settings.clock.after(timeoutMs, () =>
        this.#down(client, `no PUBACK within ${timeoutMs} ms`),
      );
      // mqtt.js never settles what was in flight when a connection ends: we do.
      this.#inFlight.add(settle);
      client.publish(topic, payload, { qos: 1 }, settle);
    });
  }

  async close(will: 'published' | 'withheld' = 'published'): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    const client = this.up ? this.#client : null;
    if (will === 'withheld' && client) {
      this.#client = null;
      // On a dead connection mqtt.js would wait for ever: so long and no longer.
      await within(this.#settings.clock, disconnectMs, client.endAsync(false));
      client.end(true);
    }
    this.#end('the link was closed');
  }

  #connect(): void {
    const { url, clock, connectTimeoutMs = 4000 } = this.#settings;
    let will: ReturnType<NonNullable<MqttLinkOptions['will']>> | undefined;
    try {
      will = this.#options.will?.();
    } catch (error) {
      this.#retry(`no will: ${(error as Error).message}`);
      return;
    }
    const client = mqtt.connect(url, {
      clientId: this.#options.clientId,
      protocolVersion: 4,
      clean: true,
      keepalive: keepAliveSeconds,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      will: will && { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: false },
    });
    this.#client = client;
    // One deadline over all steps: a broker may accept and then say nothing.
    this.#cancelTimer = clock.after(connectTimeoutMs, () =>
      this.#down(client, `no connection within ${connectTimeoutMs} ms`),
    );
    // The first of these wins; listeners stay on, since an 'error' without one would end the process.
    client.on('error', (error) =>
      this.#down(client, error.message || (error as { code?: string }).code || 'error'),
    );
    client.on('close', () => this.#down(client, 'the broker closed the connection'));
    client.on('message', (topic, payload, { retain }) => this.#receive(client, topic, payload, retain));
    client.on('connect', () => {
      // mqtt.js ignores noDelay; without it the first messages of a connection wait up to 40 ms.
      if ('setNoDelay' in client.stream)
        (client.stream as { setNoDelay(on: boolean): void }).setNoDelay(true);
      if (this.#options.subscribe.length === 0) this.#onUp(client);
      else {
        client.subscribe([...this.#options.subscribe], { qos: 1 }, (error) => {
          if (error) this.#down(client, `a subscription was refused (${error.message})`);
          else this.#onUp(client);
        });
      }
    });
  }

  #onUp(client: mqtt.MqttClient): void {
    if (client !== this.#client) return;
    this.#cancelTimer();
    this.#upSince = this.#settings.clock.monotonic();
    this.#lastReason = '';
    this.#toldDown = false;
    this.#log.info('connected to the broker');
    this.#guard('onUp', () => this.#options.onUp());
  }

  #receive(client: mqtt.MqttClient, topic: string, payload: Uint8Array, retained: boolean): void {
    if (client !== this.#client) return;
    this.#guard('onMessage', () => this.#options.onMessage(topic, payload, retained));
  }

  #down(client: mqtt.MqttClient, reason: string): void {
    if (client !== this.#client) return;
    const upSince = this.#upSince;
    this.#cancelTimer();
    this.#end(reason);
    if (upSince !== null && this.#settings.clock.monotonic() - upSince >= heldMs) this.#backoff.reset();
    if (!this.#toldDown) {
      this.#toldDown = true;
      this.#guard('onDown', () => this.#options.onDown(reason));
    }
    if (!this.#closed) this.#retry(reason);
  }

  #retry(reason: string): void {
    // Once for each change of reason, not once for each try of a night without a broker.
    if (reason !== this.#lastReason) this.#log.warn('no connection to the broker', { reason });
    this.#lastReason = reason;
    this.#cancelTimer = this.#settings.clock.after(this.#backoff.next(), () => this.#connect());
  }

  #end(reason: string): void {
    const client = this.#client;
    this.#client = null;
    this.#upSince = null;
    for (const settle of this.#inFlight) settle(new Error(reason));
    // Without force it waits for ever on a dead connection. No DISCONNECT is sent, so the will goes out.
    client?.end(true);
  }

  /** A mistake in a callback must not end the process in which the alarms live. */
  #guard(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error(`${what} has thrown`, { error });
    }
  }
}
