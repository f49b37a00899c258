import type { TelemetryBucket, TelemetryQuestion } from './telemetry-store.ts';

const functions = ['mean', 'min', 'max', 'count'] as const;

/** The question in Flux: four results, one for each function, by name. */
export function flux(bucket: string, question: TelemetryQuestion): string {
  const [gateway = '', device = ''] = question.device.split('/');
  const at = (ms: number) => new Date(ms).toISOString();
  const equal = (column: string, value: string) => `r.${column} == ${JSON.stringify(value)}`;
  const conditions = [
    equal('_measurement', 'telemetry'),
    equal('gateway', gateway),
    equal('device', device),
    equal('_field', question.field),
  ].join(' and ');
  return [
    `points = from(bucket: ${JSON.stringify(bucket)})`,
    `  |> range(start: ${at(question.from)}, stop: ${at(question.to)})`,
    `  |> filter(fn: (r) => ${conditions})`,
    `  |> group()`,
    ...functions.map(
      (fn) =>
        `points |> aggregateWindow(every: ${question.everyMs}ms, fn: ${fn}, createEmpty: false, timeSrc: "_start")` +
        ` |> keep(columns: ["_time", "_value"]) |> yield(name: "${fn}")`,
    ),
  ].join('\n');
}

/** Reads the CSV of the four results. Every value is a name, an RFC 3339 time or a number: nothing is quoted. */
export function fluxBuckets(csv: string, everyMs: number): TelemetryBucket[] {
  const buckets = new Map<number, TelemetryBucket>();
  let columns: string[] = [];
  for (const line of csv.split(/\r?\n/)) {
    const cells = line.split(',');
    if (cells.includes('_value')) {
      columns = cells;
      continue;
    }
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const fn = functions.find((one) => one === cell('result'));
    if (fn === undefined) continue;
    // The first window begins with the range and not with the bucket.
    const at = Math.floor(Date.parse(cell('_time')) / everyMs) * everyMs;
    let bucket = buckets.get(at);
    if (bucket === undefined) buckets.set(at, (bucket = { at, mean: 0, min: 0, max: 0, count: 0 }));
    bucket[fn] = Number(cell('_value'));
  }
  return [...buckets.values()].sort((a, b) => a.at - b.at);
}
