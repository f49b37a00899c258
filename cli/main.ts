import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { explain } from './service.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Parses a TCP port; 0 asks for a free one. */
function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('expected a port, 0 to 65535');
  return value;
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 on');
  return Number(text);
}

const program = new Command('belfry')
  .description('Belfry (钟楼): the gateway that proves a campus’s alarms would reach the police')
  .version(version)
  .showHelpAfterError()
  .configureHelp({ sortSubcommands: false });

program
  .command('up')
  .description('run everything on this machine: a simulated campus, its edge, the cloud and a 110 centre')
  .option('--data <dir>', 'where everything is kept between starts', 'data')
  .option('--http-port <port>', 'console and API (0: a free one)', port, 8110)
  .option('--mqtt-port <port>', 'embedded MQTT broker (0: a free one)', port, 11_883)
  .option('--buttons <count>', 'how many buttons the simulated campus has', count)
  .option('--verbose', 'log every step of every process', false)
  .action(async (options) => (await import('./up.ts')).up(options));

program
  .command('cloud')
  .description('run the cloud: broker (embedded or external), ingest, dispatch to 110, console and API')
  .requiredOption('--config <file>', 'cloud.yaml')
  .option('--data <dir>', 'the databases', 'data/cloud')
  .option(
    '--token-file <file>',
    'where to write the token for local use (default: cli-token in the data directory)',
  )
  .option('--http-port <port>', 'overrides http.port of the file', port)
  .option('--mqtt-port <port>', 'overrides broker.embedded.port of the file', port)
  .option('--log <level>', 'debug, info, warn or error', 'info')
  .action(async (options) => (await import('./cloud.ts')).cloud(options));

program
  .command('edge')
  .description('run the edge of one campus: buttons, cameras and sensors to the cloud, and directly to 110')
  .requiredOption('--config <file>', 'edge.yaml')
  .option('--data <dir>', 'the outbox', 'data/edge')
  .option('--log <level>', 'debug, info, warn or error', 'info')
  .action(async (options) => (await import('./edge.ts')).edge(options));

program
  .command('sim')
  .description('run simulated hardware: buttons on ttys and TCP, cameras, sensors and a 110 centre')
  .argument('[file]', 'sim.yaml (docs/simulator.md); without it the demo campus')
  .option('--data <dir>', 'ttys, frames that 110 acknowledged, sim.json', 'data/sim')
  .option('--describe <file>', 'where to write how to reach it (default: sim.json in the data directory)')
  .option('--buttons <count>', 'how many buttons the demo campus has', count)
  .option('--log <level>', 'debug, info, warn or error', 'info')
  .action(async (file, options) => (await import('./sim.ts')).sim(file, options));

program
  .command('scenario')
  .description('live through a scenario file on simulated hardware, and tell whether its expectations held')
  .argument('<file>', 'scenario (docs/scenarios.md)')
  .option('--fast', 'leave out the waiting: as quickly as it can', false)
  .option('--keep', 'go on running at the end, with a console', false)
  .option('--language <language>', 'zh or en (default: that of the terminal)')
  .option('--log <level>', 'debug, info, warn or error', 'silent')
  .action(async (file, options) => (await import('./scenario.ts')).scenario(file, options));

program
  .command('check')
  .description('validate configuration files without starting anything')
  .argument('<files...>', 'edge.yaml, cloud.yaml or sim.yaml')
  .action(async (files: string[]) => (await import('./check.ts')).check(files));

const inventory = program.command('inventory').description('what stands where: files, import and export');
inventory
  .command('check')
  .description('check the YAML files of a city without starting anything')
  .argument('<paths...>', 'folders or files')
  .action(async (paths: string[]) => (await import('./inventory.ts')).checkInventory(paths));
inventory
  .command('template')
  .description('write empty tables to fill in: all as XLSX, or one as CSV')
  .requiredOption('--out <file>', 'where to write it: …xlsx or …csv')
  .option('--table <table>', 'of a CSV: which table (devices, zones, …)')
  .option('--lang <language>', 'zh or en', 'zh')
  .action(async (options) => (await import('./inventory.ts')).inventoryTemplate(options));
inventory
  .command('import')
  .description('show what a file would change in the running cloud; with --apply do it')
  .argument('<file>', '…xlsx, …csv, or …yaml with whole campuses')
  .option('--table <table>', 'of a CSV: which table (devices, zones, …)')
  .option('--replace', 'take out what a table no longer lists of a campus that it names', false)
  .option('--apply', 'do it, if it has no mistake', false)
  .option('--data <dir>', 'the data directory of the cloud (or of `up`)', 'data')
  .action(async (file, options) => (await import('./inventory.ts')).importInventory(file, options));
inventory
  .command('export')
  .description('write the inventory of the running cloud: XLSX, one table as CSV, or YAML')
  .requiredOption('--out <file>', 'where to write it: …xlsx, …csv or …yaml')
  .option('--table <table>', 'of a CSV: which table (devices, zones, …)')
  .option('--campus <id>', 'only this one')
  .option('--lang <language>', 'zh or en', 'zh')
  .option('--data <dir>', 'the data directory of the cloud (or of `up`)', 'data')
  .action(async (options) => (await import('./inventory.ts')).exportInventory(options));

program
  .command('discover')
  .description(
    'look for ONVIF cameras on the local network and for serial ports, and propose lines for edge.yaml',
  )
  .option('--json', 'print one JSON object', false)
  .action(async (options) => (await import('./discover.ts')).discover(options));

program
  .command('credential')
  .description("make the login of a device that connects to the edge's own MQTT broker")
  .argument('<username>', 'its name at the broker')
  .option('--json', 'print one JSON object', false)
  .action(async (username, options) => (await import('./credential.ts')).credential(username, options));

program
  .command('setup-link')
  .description('make a link that makes one account of a city admin, once and within 24 hours')
  .option('--data <dir>', 'the data directory of the cloud (or of `up`)', 'data')
  .action(async (options) => (await import('./user.ts')).setupLink(options));

const user = program.command('user').description('accounts, also while the cloud runs');
user
  .command('list')
  .option('--data <dir>', 'the data directory of the cloud (or of `up`)', 'data')
  .action(async (options) => (await import('./user.ts')).listUsers(options));
user
  .command('add')
  .argument('<username>')
  .option('--data <dir>', 'the data directory of the cloud (or of `up`)', 'data')
  .option('--name <name>', 'what others read (default: the username)')
  .addOption(
    new Option('--role <role>')
      .choices(['viewer', 'operator', 'campus_admin', 'city_admin'])
      .default('city_admin'),
  )
  .option('--campuses <ids...>', 'the campuses that they see (default: all)')
  .description('make an account; its password is printed once')
  .action(async (username, options) => (await import('./user.ts')).addUser(username, options));
user
  .command('password')
  .argument('<username>')
  .option('--data <dir>', 'the data directory of the cloud (or of `up`)', 'data')
  .description('give an account a new password, printed once, and end its sessions')
  .action(async (username, options) => (await import('./user.ts')).newPassword(username, options));

program
  .command('export-points')
  .description("print the table of accounts and zones for a centre's database")
  .requiredOption('--cloud <file>', 'cloud.yaml')
  .requiredOption('--edge <files...>', 'edge.yaml of each gateway')
  .addOption(
    new Option('--format <format>', 'CSV for Excel, or JSON').choices(['csv', 'json']).default('csv'),
  )
  .action(async (options) => (await import('./export-points.ts')).exportPoints(options));

program
  .command('verify')
  .description('check that no incident of a cloud was changed after the fact; the cloud may be running')
  .option('--data <dir>', 'the data directory of the cloud', 'data/cloud')
  .option('--config <file>', 'cloud.yaml, for the names of places')
  .action(async (options) => (await import('./verify.ts')).verify(options));

program
  .command('probe')
  .description('press a simulated button of a running system and follow the press to 110 and back')
  .option('--data <dir>', 'the data directory of `up`: it holds sim.json, cli-token and url', 'data')
  .option('--url <url>', 'of the console (default: url in the data directory)')
  .option('--token-file <file>', 'the token for local use (default: cli-token in the data directory)')
  .option('--sim <file>', 'how to reach the simulator (default: sim.json in the data directory)')
  .option('--button <id>', 'which button (default: the least recently pressed)')
  .option('--json', 'print one JSON object as the last line', false)
  .option('--timeout <seconds>', 'how long to wait for the lamp', count, 20)
  .action(async (options) => (await import('./probe.ts')).probe(options));

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
