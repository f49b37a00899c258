import type { MqttLink, Ports } from '#platform/ports.ts';
import { command as commandSchema, type Command, type Reply } from '#protocols/messages/command.ts';
import type { Birth, Heartbeat, Notice, StateLaneMessage } from '#protocols/messages/state.ts';
import { topicOf } from '#protocols/messages/topics.ts';
import type { Answer } from '../commands/commands.ts';
import type { NoticeText } from '../notices.ts';
import { reasonOf } from '#platform/reason.ts';
import type { CloudClock } from './offset.ts';
import { parsePayload } from './payload.ts';

type Unsent<T> = Omit<T, 'kind' | 'session' | 'sent_at' | 'n'>;

export interface BulkLinkSources {
  heartbeatMs: number;
  birth(): Unsent<Birth>;
  heartbeat(): Unsent<Heartbeat>;
  /** Runs a command. Null: it is not answered. */
  command(command: Command): Promise<Answer | null>;
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
    const answer = await sources.command(command);
    if (answer) publish(replyTopic, { kind: 'reply', session, command: command.id, facts: {}, ...answer });
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
