import { parseArgs } from 'node:util';
import { missing } from '../journeys/campus.ts';
import { runTrial } from './trial.ts';

/** `npm run faults -- --presses N --faults N --seed N`: the last line is one JSON object. */
const { values } = parseArgs({
  options: {
    presses: { type: 'string', default: '300' },
    faults: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    cadence: { type: 'string', default: '4' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log('npm run faults -- [--presses 300] [--faults presses/5] [--cadence 4] [--seed N]');
} else {
  const presses = Number(values.presses);
  const why = missing('mosquitto', 'apt-get install mosquitto');
  if (why) console.log(`${why}; using the embedded broker`);
  const outcome = await runTrial({
    presses,
    faults: Number(values.faults ?? Math.max(1, Math.round(presses / 5))),
    seed: Number(values.seed),
    cadence: Number(values.cadence),
    broker: why ? 'embedded' : 'mosquitto',
    say: (line) => console.log(`${new Date().toISOString().slice(11, 23)} ${line}`),
  });
  console.log(JSON.stringify(outcome));
  process.exitCode = outcome.lost + outcome.duplicate + outcome.repeats === 0 ? 0 : 1;
}
process.exit();
