import { type Backoff, backoff } from '#platform/backoff.ts';
import { DatabaseError } from '#platform/database-error.ts';
import type { Ports } from '#platform/ports.ts';
import type { Alerts, AlertText } from '../alerts/alerts.ts';
import type { Telemetry } from './telemetry.ts';
import { TelemetryUnavailable } from './telemetry-store.ts';

const reopening = { firstMs: 5000, maxMs: 300_000 };
/** The words with which a database is lost for good until it is opened anew. */
const lostBy = new Set(['corrupt', 'io', 'closed']);

/**
 * Keeps telemetry open: a file that cannot be opened, or is lost, is opened anew with back-off, and a damaged one is
 * set aside first. People are told meanwhile; gateways get no receipt and keep what they measured, and alarms are
 * served without it. Resolves after the first try.
 */
export async function keepTelemetryOpen(
  parts: Pick<Ports, 'clock' | 'random' | 'log' | 'disk'> & { alerts: Pick<Alerts, 'raise' | 'clear'> },
  open: () => Promise<Telemetry>,
): Promise<Telemetry> {
  const { clock, log, disk, alerts } = parts;
  const pace: Backoff = backoff(reopening, parts.random);
  let now: Telemetry | null = null;
  let closed = false;
  let cancel = () => {};

  async function tryOpening(): Promise<void> {
    try {
      const opened = await open();
      if (closed) return opened.close();
      now = opened;
      pace.reset();
      void alerts.clear('telemetry-unavailable', 'telemetry');
    } catch (error) {
      await failed(error);
    }
  }

  async function failed(error: unknown): Promise<void> {
    if (closed) return;
    log.error('telemetry cannot be stored; alarms are served without it', { error });
    void alerts.raise(unavailable());
    if (error instanceof DatabaseError && error.code === 'corrupt')
      await disk
        .setAside('telemetry', Math.round(clock.wall()))
        .catch((why: unknown) => log.error('the damaged telemetry file was not set aside', { error: why }));
    cancel = clock.after(pace.next(), () => void tryOpening());
  }

  async function through<T>(ask: (telemetry: Telemetry) => Promise<T>): Promise<T> {
    const telemetry = now;
    if (telemetry === null) throw new TelemetryUnavailable('the telemetry store is not open');
    try {
      return await ask(telemetry);
    } catch (error) {
      if (error instanceof DatabaseError && lostBy.has(error.code) && now === telemetry) {
        now = null;
        void telemetry
          .close()
          .catch((why: unknown) => log.warn('the lost telemetry file was not closed', { error: why }))
          .then(() => failed(error));
      }
      throw error;
    }
  }

  await tryOpening();
  return {
    receive: (campus, gateway, message) =>
      through((telemetry) => telemetry.receive(campus, gateway, message)),
    putOff: (campus, gateway, message) => through((telemetry) => telemetry.putOff(campus, gateway, message)),
    query: (question) => through((telemetry) => telemetry.query(question)),
    async close() {
      closed = true;
      cancel();
      await now?.close();
    },
  };
}

function unavailable(): AlertText {
  return {
    code: 'telemetry-unavailable',
    severity: 'warning',
    subject: 'telemetry',
    text: {
      zh: '云端的测量数据文件打不开或已损坏，正在重试；网关暂存数据。报警不受影响。',
      en: "The cloud's file of measured values cannot be opened or is damaged; it is being tried again, and gateways keep their values. Alarms are not affected.",
    },
  };
}
