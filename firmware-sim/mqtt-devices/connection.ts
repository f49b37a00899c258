import mqtt from 'mqtt';
import type { Clock } from '#platform/ports.ts';
import { within } from '#platform/within.ts';
import type { Said } from './system.ts';

const reconnectMs = 500;
/** What a last word may take: on a dead connection mqtt.js would wait for ever. */
const byeMs = 500;

/** One connection to a broker, which comes back by itself until it is ended. What is said meanwhile is lost. */
export class Connection {
  readonly #client: mqtt.MqttClient;
  reason: string | null = 'not connected yet';

  constructor(
    url: string,
    login: { clientId: string; username?: string | undefined; password?: string | undefined },
    will: Said | null,
    onUp: () => void,
  ) {
    this.#client = mqtt.connect(url, {
      clientId: login.clientId,
      ...(login.username !== undefined && { username: login.username }),
      ...(login.password !== undefined && { password: login.password }),
      protocolVersion: 4,
      clean: true,
      keepalive: 10,
      reconnectPeriod: reconnectMs,
      // A radio that speaks while nobody hears is not heard later.
      queueQoSZero: false,
      ...(will && {
        will: { topic: will.topic, payload: payloadOf(will), qos: 1 as const, retain: will.retain ?? false },
      }),
    });
    this.#client.on('connect', () => {
      this.reason = null;
      onUp();
    });
    this.#client.on('close', () => (this.reason ??= 'the connection was closed'));
    this.#client.on('error', (error) => (this.reason = error.message));
  }

  say(said: Said): void {
    this.raw(said.topic, payloadOf(said), said.retain ?? false);
  }

  raw(topic: string, payload: Buffer, retain: boolean): void {
    if (!this.#client.connected) return;
    this.#client.publish(topic, payload, { qos: 1, retain }, () => {});
  }

  /** `orderly`: the broker keeps the will to itself. `crash`: it says it. */
  async end(how: 'orderly' | 'crash'): Promise<void> {
    if (how === 'crash') this.#client.stream?.destroy();
    await this.#client.endAsync(true).catch(() => {});
  }

  /** An orderly end that says what the will would have said. */
  async bye(said: Said | null, clock: Clock): Promise<void> {
    if (said && this.#client.connected) {
      const { topic, retain = false } = said;
      await within(clock, byeMs, this.#client.publishAsync(topic, payloadOf(said), { qos: 1, retain }));
    }
    await this.end('orderly');
  }
}

function payloadOf({ body }: Said): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
