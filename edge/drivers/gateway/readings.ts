import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import si from 'systeminformation';
import { z } from 'zod';

/** What the machine says of itself. Null: it has no such part, or does not say. */
export interface Readings {
  cpuPercent: number;
  memoryPercent: number;
  /** Of the disk that holds `path`, as a program that is not root may fill it. */
  diskFreePercent: number;
  temperatureC: number | null;
  battery: { percent: number; onMains: boolean } | null;
  clockSynchronised: boolean | null;
  wifi: { interface: string; qualityPercent: number; signalDbm: number } | null;
  cellular: { qualityPercent: number; state: string } | null;
}

export type ReadPart = { [Part in keyof Readings]: (path: string) => Promise<Readings[Part]> };

const run = promisify(execFile);
const runTimeoutMs = 5000;

/**
 * Each part by itself, so that one which hangs or fails hides no other. `systeminformation` only where it does not
 * hold the loop: its disks, networks and times wait for shell commands (up to 110 ms on a small machine).
 */
export const readMachine: ReadPart = {
  cpuPercent: async () => (await si.currentLoad()).currentLoad,
  async memoryPercent() {
    const { total, available } = await si.mem();
    return (100 * (total - available)) / total;
  },
  async diskFreePercent(path) {
    const { blocks, bfree, bavail } = await statfs(path);
    return (100 * bavail) / (blocks - bfree + bavail);
  },
  temperatureC: async () => (await si.cpuTemperature()).main,
  async battery() {
    const { hasBattery, percent, acConnected } = await si.battery();
    return hasBattery ? { percent, onMains: acConnected } : null;
  },
  async clockSynchronised() {
    const said = await output('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
    return said === 'yes' ? true : said === 'no' ? false : null;
  },
  wifi: async () => wifiOf(await readFile('/proc/net/wireless', 'utf8').catch(() => '')),
  cellular: async () => cellularOf(await output('mmcli', ['--modem=any', '--output-json'])),
};

/** What a program prints; nothing where it is not there or has nothing to say (no systemd, no modem). */
async function output(program: string, options: string[]): Promise<string> {
  const printed = await run(program, options, { timeout: runTimeoutMs, maxBuffer: 1 << 16 }).catch(
    () => null,
  );
  return printed?.stdout.trim() ?? '';
}

/** First interface of /proc/net/wireless; its link quality is of 70 (proc(5), Wireless Extensions). */
export function wifiOf(table: string): Readings['wifi'] {
  const row = /^\s*(\S+):\s+\S+\s+(\d+)\.?\s+(-?\d+)\.?/m.exec(table);
  if (!row) return null;
  const [, name = '', quality, signal] = row;
  return {
    interface: name,
    qualityPercent: Math.min(100, (100 * Number(quality)) / 70),
    signalDbm: Number(signal),
  };
}

const modem = z.object({
  modem: z.object({
    generic: z.object({
      state: z.string(),
      'signal-quality': z.object({ value: z.coerce.number().min(0).max(100) }),
    }),
  }),
});

/** The modem of ModemManager's `mmcli --output-json`. */
export function cellularOf(json: string): Readings['cellular'] {
  if (json === '') return null;
  const { generic } = modem.parse(JSON.parse(json)).modem;
  return { qualityPercent: generic['signal-quality'].value, state: generic.state };
}
