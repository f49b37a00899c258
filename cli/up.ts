import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ensureConsole } from '../bin/build-console.mjs';
import { startChild, type Child } from './children.ts';
import { demoCloud, demoEdge, demoPlace } from './demo-campus.ts';
import { demoInventory } from './demo-inventory.ts';
import { reservePort } from './ports.ts';
import { runService, UserError } from './service.ts';
import { DatabaseError } from '#platform/database-error.ts';
import type { Database } from '#platform/ports.ts';
import { realDatabases } from '#platform/real/database.ts';
import type { SimulatedHardware } from '#sim/description.ts';

export interface UpOptions {
  data: string;
  httpPort: number;
  mqttPort: number;
  buttons?: number;
  verbose: boolean;
}

/**
 * `belfry up`: one simulated campus on embedded defaults, as four processes (hardware, cloud, edge and this
 * one, which watches them). The files that it writes into DIR/config are made anew at each start.
 */
export function up(options: UpOptions): Promise<void> {
  return runService((stop) => startAll(options, stop));
}

async function startAll(options: UpOptions, stop: AbortSignal) {
  const data = resolve(options.data);
  const config = join(data, 'config');
  mkdirSync(config, { recursive: true });
  const lock = await takeFolder(data);
  const httpPort = await reservePort(options.httpPort, '--http-port');
  const mqttPort = await reservePort(options.mqttPort, '--mqtt-port');
  await ensureConsole({ log: say });

  const log = ['--log', options.verbose ? 'info' : 'warn'];
  const children: Child[] = [];
  const close = async () => {
    // The hardware last: what is on its way to 110 may still arrive.
    for (const child of children.toReversed()) await child.stop();
    await lock.close();
  };
  const run = async (name: string, ...args: string[]) => {
    if (stop.aborted) throw new UserError('Stopped.');
    const child = startChild(name, [name, '--data', join(data, name), ...log, ...args], say);
    children.push(child);
    return child.ready.catch((error: unknown) => {
      throw new UserError(error instanceof Error ? error.message : String(error));
    });
  };
  let setup: string | null = null;
  try {
    const count = options.buttons === undefined ? [] : ['--buttons', String(options.buttons)];
    const url = `http://127.0.0.1:${httpPort}`;
    const hardware = (await run('sim', '--describe', join(data, 'sim.json'), ...count)) as SimulatedHardware;
    const cloudFile = join(config, 'cloud.yaml');
    const edgeFile = join(config, 'edge.yaml');
    writeFileSync(cloudFile, stringify(demoCloud(hardware, { httpPort, mqttPort })));
    writeFileSync(edgeFile, stringify(demoEdge(hardware, { mqttPort, pictures: { url } })));
    mkdirSync(join(data, 'cloud', 'inventory'), { recursive: true });
    writeFileSync(
      join(data, 'cloud', 'inventory', 'demo.yaml'),
      stringify(demoInventory(hardware, demoPlace)),
    );
    const cloud = await run('cloud', '--config', cloudFile, '--token-file', join(data, 'cli-token'));
    setup = (cloud as { setup: string | null }).setup;
    writeFileSync(join(data, 'url'), `${url}\n`);
    await run('edge', '--config', edgeFile);
  } catch (error) {
    await close();
    throw error;
  }
  const url = `http://127.0.0.1:${httpPort}`;
  say(`console     ${url}/`);
  say(`API         ${url}/api/v1/alarms`);
  if (setup !== null)
    say(`set-up      ${setup}  (once, within 24 hours; until then this machine reads freely)`);
  say(`data        ${data}`);
  say(`try         npx belfry probe --data ${options.data}      (press a simulated button)`);
  say('stop        Ctrl-C');
  void sayWhenReady(url, stop);
  return { close, ready: { url } };
}

/** The folder is ours alone: two simulators on the ttys of one folder would take each other's presses. */
async function takeFolder(data: string): Promise<Database> {
  try {
    return await realDatabases(data).open('in-use', 'relaxed', 'CREATE TABLE IF NOT EXISTS held (by TEXT)');
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'in-use') throw error;
    throw new UserError(`${data} is in use by another \`belfry up\`. Choose another folder with --data.`);
  }
}

/** Tells when a press would get through, and what is missing if that takes long. */
async function sayWhenReady(url: string, stop: AbortSignal) {
  while (!stop.aborted) {
    const ready = await fetch(`${url}/readyz`, { signal: stop }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return say('ready       一键报警可直达 110 · a press would reach 110');
    await new Promise((done) => setTimeout(done, 200));
  }
}

function say(line: string) {
  process.stdout.write(`belfry  ${line}\n`);
}
