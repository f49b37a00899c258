/** `npm run bench -- NAME`: each bench is a file beside this one; its last line is one JSON object. */
const benches: Record<string, () => Promise<{ run(): Promise<void> }>> = {
  'alarm-path': () => import('./alarm-path.ts'),
  drivers: () => import('./drivers.ts'),
  'four-hundred': () => import('./four-hundred.ts'),
};

const name = process.argv[2] ?? '';
const load = benches[name];
if (load === undefined) {
  console.error(`usage: npm run bench -- NAME, where NAME is one of: ${Object.keys(benches).join(', ')}`);
  process.exitCode = 2;
} else {
  await (await load()).run();
  process.exit();
}
