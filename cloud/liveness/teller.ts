import type { Clock, Log, Statement } from '#platform/ports.ts';
import type { Alerts, AlertText } from '../alerts/alerts.ts';
import type { Change, Store } from '../store/store.ts';
import type { Names } from '../names.ts';
import type { Device, Gateway } from './fleet.ts';
import { gatewayOffline, gatewayStopped, settleDeviceAlerts } from './device-alerts.ts';

/** What could not be written (alerts, feed, reports) is tried again after this. */
const retellMs = 5_000;

/**
 * Writes and tells what has changed, one round at a time. It always tells what is so now, and what fails is tried
 * again: memory is ahead of the disk and never the other way round.
 */
export class Teller {
  readonly #parts: { clock: Clock; log: Log; store: Store; alerts: Alerts };
  readonly #names: Names;
  /** Bounded by the fleet. */
  readonly #gateways = new Set<Gateway>();
  readonly #devices = new Set<Device>();
  #telling: Promise<void> | null = null;
  #retellAt = 0;
  #closed = false;

  constructor(parts: { clock: Clock; log: Log; store: Store; alerts: Alerts }, names: Names) {
    this.#parts = parts;
    this.#names = names;
  }

  /** Notes that it must be told; nothing happens before `tell`. */
  changed(what: Gateway | Device): void {
    if ('devices' in what) this.#gateways.add(what);
    else this.#devices.add(what);
  }

  tell(): void {
    if (this.#closed || this.#telling !== null || this.#gateways.size + this.#devices.size === 0) return;
    if (this.#parts.clock.monotonic() < this.#retellAt) return;
    this.#telling = this.#round().then((done) => {
      this.#telling = null;
      if (!done) this.#retellAt = this.#parts.clock.monotonic() + retellMs;
      this.tell();
    });
  }

  async settled(): Promise<void> {
    while (this.#telling !== null) await this.#telling;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
  }

  /** False when something must be told again. */
  async #round(): Promise<boolean> {
    const { store, alerts, log } = this.#parts;
    const gateways = [...this.#gateways];
    const devices = [...this.#devices];
    this.#gateways.clear();
    this.#devices.clear();
    let done = true;
    const again = (what: Gateway | Device) => {
      this.changed(what);
      done = false;
    };
    for (const gateway of gateways) {
      const wanted = alertOf(gateway, this.#names);
      for (const code of ['gateway-offline', 'gateway-stopped'] as const) {
        if (wanted?.code !== code && gateway.state !== 'unknown') await alerts.clear(code, gateway.id);
      }
      if (wanted === null) continue;
      await alerts.raise(wanted);
      if (!alerts.isOpen(wanted.code, gateway.id)) again(gateway);
    }
    for (const device of devices) {
      if (!(await settleDeviceAlerts(device, alerts, this.#names))) again(device);
    }
    const changes: Change[] = [
      ...gateways.map(({ id }) => ({ type: 'gateway' as const, subject: id })),
      ...devices.map(({ gateway, id }) => ({ type: 'device' as const, subject: `${gateway.id}/${id}` })),
    ];
    try {
      await store.commit(devices.map(rememberDevice), changes);
    } catch (error) {
      log.error('the states of devices could not be written', { error });
      for (const what of [...gateways, ...devices]) again(what);
    }
    return done;
  }
}

/** What people are told of a gateway that is not there. */
function alertOf(gateway: Gateway, names: Names): AlertText | null {
  if (gateway.state !== 'offline') return null;
  return gateway.stopped ? gatewayStopped(gateway, names) : gatewayOffline(gateway, names);
}

/** The last report of a device as the table keeps it. Its age is not kept: it means nothing after a restart. */
function rememberDevice(device: Device): Statement {
  const { gateway, id, report } = device;
  if (report === null) {
    return { sql: 'DELETE FROM devices WHERE gateway = ? AND device = ?', params: [gateway.id, id] };
  }
  return {
    sql: `INSERT INTO devices (gateway, device, campus, report) VALUES (?, ?, ?, ?)
          ON CONFLICT (gateway, device) DO UPDATE SET campus = excluded.campus, report = excluded.report`,
    params: [gateway.id, id, gateway.campus, JSON.stringify({ ...report, heard_ago_ms: null })],
  };
}
