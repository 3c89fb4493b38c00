import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaosOptions, readOptions, USAGE } from './options.ts';
import { passed, table } from './report.ts';
import { runChaos } from './run.ts';

/** The time besides the faults: start, settling (at most 120 s) and drain. */
const BEYOND_MILLISECONDS = 240_000;

const options = read();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
setTimeout(
  () => {
    console.error('The run did not come to an end in time.');
    process.exit(1);
  },
  options.minutes * 60_000 + BEYOND_MILLISECONDS,
).unref();

const report = await runChaos(options, (line) => {
  if (!options.json) console.log(line);
});
const { output, ...figures } = report;
console.log(options.json ? JSON.stringify(figures) : `\n${table(report)}`);
if (!passed(report)) {
  const file = join(await mkdtemp(join(tmpdir(), 'chaos-')), 'service.log');
  await writeFile(file, output);
  console.error(
    `\nNot everything is as promised. To repeat: npm run chaos -- --seed ${options.seed}; the log: ${file}`,
  );
}
process.exit(passed(report) ? 0 : 1);

function read(): ChaosOptions {
  try {
    return readOptions(process.argv.slice(2), Math.floor(Math.random() * 1e9));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : 'Unreadable options.'}\n\n${USAGE}`);
    process.exit(2);
  }
}
