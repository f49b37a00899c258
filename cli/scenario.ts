import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi } from '#cloud/api/api.ts';
import { decoder, NoDecoder } from '#platform/jpeg.ts';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realSpreadsheets } from '#platform/real/spreadsheets.ts';
import { ensureConsole } from '../bin/build-console.mjs';
import { logOptions } from './logging.ts';
import { readScenarioFile } from './scenario-file.ts';
import { installFastTime, type FastTime } from './scenario/fast-time.ts';
import type { ScenarioFile } from './scenario/file.ts';
import { reporter, summary, type Language } from './scenario/report.ts';
import { checkTimeline, runTimeline } from './scenario/run.ts';
import { openWorld, type World } from './scenario/world.ts';
import { runService, UserError } from './service.ts';

export interface ScenarioOptions {
  fast: boolean;
  keep: boolean;
  language?: string;
  log: string;
}

/** China's time: a school's clock, whatever this machine's zone. */
const schoolZoneMs = 8 * 3_600_000;
const dayMs = 86_400_000;
/** A campus gets so long before its story begins, in which every device speaks and 110 answers. */
const warmUpMs = 60_000;

/** `belfry scenario FILE`: a campus, what happens to it, and whether what must come of it did. */
export function scenario(file: string, options: ScenarioOptions): Promise<void> {
  return runService(async (stop) => {
    const language = languageOf(options.language);
    const { value: plan, source } = readScenarioFile(file);
    const log = logOptions(options.log);
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    const now = performance.now.bind(performance);
    const started = now();
    const folder = mkdtempSync(join(tmpdir(), 'belfry-scenario-'));
    let world: World | null = null;
    let time: FastTime | null = null;
    const disk = { waiting: 0 };
    if (options.fast) {
      const decoding = await picturesUnderWay();
      const busy = () => disk.waiting > 0 || decoding();
      time = installFastTime({ startAt: startOf(plan) - warmUpMs, busy });
    }
    const end = async () => {
      time?.walk();
      await world?.close();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      print(plan.title[language]);
      world = await openWorld(plan, source, { folder, withoutTtys: options.fast, log, disk });
      checkTimeline(plan, source, world);
      await allIsUp(world, stop);
      // Now the school's clock and the timeline agree.
      if (options.fast)
        await new Promise((done) => setTimeout(done, Math.max(0, startOf(plan) - Date.now())));
      const began = performance.now();
      const outcomes = await runTimeline(plan, world, reporter(language, print), stop);
      const times = { livedMs: performance.now() - began, tookMs: now() - started };
      print(summary(plan, outcomes, times, language));
      const failed = stop.aborted || outcomes.some(({ holds }) => !holds);
      if (!options.keep || stop.aborted) {
        await end();
        process.exit(failed ? 1 : 0);
      }
      time?.walk();
      const api = await serve(world, realLog(log));
      print(`console     ${api.url}/\nsimulator   ${join(folder, 'sim.json')}\nstop        Ctrl-C`);
      return {
        async close() {
          await api.close();
          await end();
        },
      };
    } catch (error) {
      await end();
      throw error;
    }
  });
}

/** Whether a picture is being decoded: in a thread of the decoder, which the event loop does not show. */
async function picturesUnderWay(): Promise<() => boolean> {
  try {
    const sharp = await decoder();
    return () => {
      const { queue, process } = sharp.counters();
      return queue + process > 0;
    };
  } catch (error) {
    if (error instanceof NoDecoder) return () => false;
    throw error;
  }
}

function languageOf(wanted: string | undefined): Language {
  const language =
    wanted ?? ((process.env['LC_ALL'] ?? process.env['LANG'] ?? '').startsWith('zh') ? 'zh' : 'en');
  if (language === 'zh' || language === 'en') return language;
  throw new UserError(`--language ${language}: use zh or en`);
}

/** Today at the hour at which the scenario begins. */
function startOf(plan: ScenarioFile): number {
  const midnight = Math.floor((Date.now() + schoolZoneMs) / dayMs) * dayMs - schoolZoneMs;
  return midnight + plan.starts;
}

/** Resolves when every device has spoken, and 110 answers. */
async function allIsUp(world: World, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + warmUpMs;
  for (;;) {
    const cloud = world.cloud()!;
    const silent = cloud.liveness.devices().filter(({ verdict }) => verdict.state !== 'good');
    const doors = cloud.centres().flatMap((centre) => centre.doors);
    const answering = doors.every(({ supervision }) => supervision === 'answering');
    const known = cloud.liveness.gateways().some(({ state }) => state === 'online');
    if ((known && answering && silent.length === 0) || stop.aborted) return;
    if (performance.now() > deadline) {
      const names = silent.map(({ id, verdict }) => `${id}: ${verdict.reason?.en ?? verdict.state}`);
      throw new UserError(
        `The campus did not come up within a minute. ${known ? '' : 'Its gateway was not heard. '}${answering ? '' : '110 does not answer. '}${names.join('; ')}`,
      );
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function serve(world: World, log: ReturnType<typeof realLog>) {
  const cloud = world.cloud();
  if (cloud === null)
    throw new UserError('The scenario ended without its cloud: there is nothing to look at.');
  const { campuses, latency } = world.campus.cloud;
  return startApi(
    {
      clock: realClock,
      log,
      campuses,
      boundMs: latency.bound_ms,
      spreadsheets: realSpreadsheets(),
      ...cloud,
    },
    {
      host: '127.0.0.1',
      port: 0,
      token: randomBytes(24).toString('base64url'),
      consoleDir: await ensureConsole(),
    },
  );
}
