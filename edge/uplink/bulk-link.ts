import type { MqttLink, Ports } from '#platform/ports.ts';
import {
  command as commandSchema,
  type Command,
  type DeviceAct,
  type Reply,
} from '#protocols/messages/command.ts';
import type { Birth, Heartbeat, Notice, StateLaneMessage } from '#protocols/messages/state.ts';
import { topicOf } from '#protocols/messages/topics.ts';
import type { ActResult } from '../driver.ts';
import type { NoticeText } from '../notices.ts';
import { reasonOf } from '#platform/reason.ts';
import type { CloudClock } from './offset.ts';
import { parsePayload } from './payload.ts';

/** Ids of commands that were run lately: a command runs once. */
const commandsRemembered = 1000;

type Unsent<T> = Omit<T, 'kind' | 'session' | 'sent_at' | 'n'>;

export interface BulkLinkSources {
  heartbeatMs: number;
  birth(): Unsent<Birth>;
  heartbeat(): Unsent<Heartbeat>;
  /** Has a device do something. Throws or rejects with a sentence when it cannot. */
  act(device: string, act: DeviceAct): Promise<ActResult>;
  /** A session begins: `tell` passes notices up. */
  onSession(tell: (notice: NoticeText) => Promise<void>): void;
}

export interface BulkLink {
  readonly up: boolean;
  /** Of the current (or the next) connection: will and birth carry it. */
  session(): string;
  birth(): void;
  publishTelemetry(payload: string): Promise<void>;
  close(): Promise<void>;
}

/** Everything but alarms: birth and will, heartbeats, notices, telemetry; commands and their replies. */
export function connectBulkLink(
  ports: Ports,
  { campus, gateway }: { campus: string; gateway: string },
  cloudClock: CloudClock,
  sources: BulkLinkSources,
): BulkLink {
  const { clock, log, random } = ports;
  const stateTopic = topicOf(campus, gateway, 'state');
  const telemetryTopic = topicOf(campus, gateway, 'telemetry');
  const replyTopic = topicOf(campus, gateway, 'reply');
  const ran = new Set<string>();
  let session = newSession();
  let stopBeating = () => {};
  /** Heartbeats of this session. */
  let beats = 0;
  let closed = false;

  const link: MqttLink = ports.mqtt.connect({
    clientId: `${gateway}-bulk`,
    subscribe: [topicOf(campus, gateway, 'command')],
    will() {
      session = newSession();
      beats = 0;
      const will: StateLaneMessage = { kind: 'will', session };
      return { topic: stateTopic, payload: new TextEncoder().encode(JSON.stringify(will)) };
    },
    onUp() {
      log.info('the bulk link is up', { session });
      birth();
      sources.onSession((notice) => {
        const message: Notice = { kind: 'notice', session, ...notice };
        return link.publish(stateTopic, JSON.stringify(message));
      });
      stopBeating();
      stopBeating = clock.after(sources.heartbeatMs, beat);
    },
    onDown(reason) {
      stopBeating();
      log.warn('the bulk link is down', { reason });
    },
    onMessage(topic, payload) {
      const message = parsePayload(commandSchema, payload);
      if (message.ok) void run(message.value);
      else log.warn('a command cannot be read', { topic, reason: message.reason });
    },
  });

  function newSession(): string {
    return Buffer.from(random.bytes(8)).toString('hex');
  }

  function birth(): void {
    const message: Birth = { kind: 'birth', session, sent_at: cloudClock.sending(), ...sources.birth() };
    publish(stateTopic, message);
  }

  function beat(): void {
    stopBeating = clock.after(sources.heartbeatMs, beat);
    const message: Heartbeat = {
      kind: 'heartbeat',
      session,
      n: ++beats,
      sent_at: cloudClock.sending(),
      ...sources.heartbeat(),
    };
    publish(stateTopic, message);
  }

  /** What the link does not take is told by the birth of the next session. */
  function publish(topic: string, message: StateLaneMessage | Reply): void {
    link.publish(topic, JSON.stringify(message)).catch((error: unknown) => {
      if (!closed) log.warn('not published', { topic, kind: message.kind, reason: reasonOf(error) });
    });
  }

  async function run(command: Command): Promise<void> {
    if (ran.has(command.id)) return;
    ran.add(command.id);
    if (ran.size > commandsRemembered) ran.delete(ran.values().next().value!);
    if (cloudClock.known && cloudClock.at(clock.monotonic()) > command.expires_at) {
      log.warn('a command came after its expiry', { command: command.id, kind: command.kind });
      return;
    }
    const reply = (ok: boolean, detail: string, facts: Reply['facts'] = {}) =>
      publish(replyTopic, { kind: 'reply', session, command: command.id, ok, detail, facts });
    try {
      if (command.kind === 'rebirth') {
        birth();
        reply(true, '');
      } else if (command.kind === 'act') {
        const { detail, facts } = await sources.act(command.device, command.act);
        reply(true, detail, facts);
      } else reply(false, `this gateway knows no ${command.kind} yet`);
    } catch (error) {
      reply(false, reasonOf(error));
    }
  }

  return {
    get up() {
      return link.up;
    },
    session: () => session,
    birth,
    publishTelemetry: (payload) => link.publish(telemetryTopic, payload),
    async close() {
      closed = true;
      stopBeating();
      const goodbye: StateLaneMessage = { kind: 'goodbye', session };
      await link.publish(stateTopic, JSON.stringify(goodbye)).catch(() => {});
      await link.close('withheld');
    },
  };
}
