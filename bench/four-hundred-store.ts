import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FourHundred } from '#cloud/four-hundred/four-hundred.ts';
import { Inventory } from '#cloud/inventory/inventory.ts';
import { addDevice, type Gateway, newGateway } from '#cloud/liveness/fleet.ts';
import { openStore } from '#cloud/store/store.ts';
import type { Clock, Log } from '#platform/ports.ts';
import { readHolidays } from '#platform/public-holidays.ts';
import { realDatabases } from '#platform/real/database.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { readRules } from '#platform/rule-set.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';
import { campuses, devicesEach, entry, start } from './four-hundred-city.ts';

/** Seconds of the city that are lived through, after the minute in which everybody is heard first. */
const seconds = 90;
const changedAtOnce = 20;
/** A city of this size leaves more of each second. */
const quietMs = 400;

/**
 * The same city in a store on disk: the inventory taken from files and again at a restart, each second of heartbeats
 * committed and judged, one campus changed, and several at once. Times are ms of this machine; a turn has a second.
 */
export async function storeFigures(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-bench-'));
  // The full hour with its sums lies in the seconds that are measured.
  let now = start + 3_600_000 - (60 + seconds / 2) * 1_000;
  const clock: Clock = { wall: () => now, monotonic: () => now, after: () => () => {} };
  const log: Log = { debug() {}, info() {}, warn() {}, error: console.error, child: () => log };
  const databases = realDatabases(folder);
  const store = await openStore({ clock, random: realRandomness, databases });
  try {
    const files = {
      id: 'city',
      counties: Array.from({ length: 12 }, (_, i) => ({ id: `county-${i}` })),
      campuses: Array.from({ length: campuses }, (_, i) => entry(i)),
    };
    const [inventory, filesMs] = await timed(() => Inventory.open({ clock, log, store, files }));
    const gateways = fleet();
    const byId = new Map(gateways.map((gateway) => [gateway.id, gateway]));
    const parts = {
      clock,
      log,
      store,
      liveness: { gateways: () => gateways, gateway: (id: string) => byId.get(id) ?? null },
      rules: readRules(),
      holidays: readHolidays(),
      personOf: () => null,
    };
    const begin = async (taken: Inventory) => {
      const begun = await FourHundred.start({ ...parts, inventory: taken });
      await begun.settled();
      return begun;
    };
    const [fourHundred, judgedMs] = await timed(() => begin(inventory));

    const turns: number[] = [];
    const main: number[] = [];
    for (let second = 0; second < 60 + seconds; second += 1) {
      now += 1_000;
      for (const gateway of gateways)
        for (let d = second % 60; d < devicesEach; d += 60) {
          const device = gateway.devices.get(`d-${d}`)!;
          device.heardAt = now;
          const news = (Number(gateway.id.slice(3)) * 31 + d * 17 + second) % 100 === 0;
          device.verdict = { state: news ? 'offline' : 'good', reason: null };
          if (news) device.since = now;
        }
      // What is left of a second is a quiet moment of the store, in which it brings its log back into its file.
      await sleep(quietMs);
      const before = process.cpuUsage();
      const [, ms] = await timed(() => fourHundred.settled());
      const { user } = process.cpuUsage(before);
      if (second >= 60) {
        turns.push(ms);
        main.push(user / 1_000);
      }
    }

    const changed = async (count: number, pupils: number) => {
      const entries = [];
      for (let i = 0; i < count; i += 1) entries.push((await inventory.campus(`c-${i}`))!);
      const given = entries.map((one) => ({ ...one, pupils: { ...one.pupils, day: pupils } }));
      const [, ms] = await timed(async () => {
        const all = new Map(given.map((one) => [one.id, one]));
        const done = await inventory.change({ campuses: all, by: 'bench', source: 'api' });
        if (!done.ok) throw new Error('the change was refused');
        now += 1_000;
        await fourHundred.settled();
      });
      return ms;
    };
    const turnMs = middle(turns);
    const oneMs = await changed(1, 901);
    const severalMs = await changed(changedAtOnce, 902);
    await fourHundred.close();

    const [again, loadMs] = await timed(() => Inventory.open({ clock, log, store, files: null }));
    const [restarted, restartMs] = await timed(() => begin(again));
    await restarted.close();
    const bytes = statSync(join(folder, 'cloud.sqlite')).size;
    const cpu = main.reduce((sum, ms) => sum + ms, 0) / main.length;
    console.log(
      `with the store: files taken in ${r(filesMs)} ms, judged first in ${r(judgedMs)} ms; a second of the city in ` +
        `${r(turnMs)} ms (most ${r(Math.max(...turns))}, ${r(cpu)} ms of processor); one campus changed and judged in ` +
        `${r(oneMs)} ms, ${changedAtOnce} in ${r(severalMs)} ms; at a restart inventory ${r(loadMs)} ms, ` +
        `verdicts ${r(restartMs)} ms; ${r(bytes / campuses / devicesEach)} bytes on disk for each device`,
    );
    return {
      store_second_ms: r(turnMs),
      store_second_most_ms: r(Math.max(...turns)),
      store_second_cpu_ms: r(cpu),
      store_campus_change_ms: r(oneMs),
      store_restart_ms: r(loadMs + restartMs),
    };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

function fleet(): Gateway[] {
  return Array.from({ length: campuses }, (_, i) => {
    const gateway = newGateway(`c-${i}`, `gw-${i}`, start);
    gateway.state = 'online';
    gateway.heardAt = start;
    const report = { heartbeat_s: 60, facts: {} } as unknown as DeviceReport;
    for (let d = 0; d < devicesEach; d += 1) addDevice(gateway, `d-${d}`, report, 'listed', start);
    return gateway;
  });
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  const value = await work();
  return [value, performance.now() - began];
}

const middle = (all: readonly number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;
const r = Math.round;
