import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import Table from 'cli-table3';
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { ConfigurationError } from '../../configuration-error.ts';
import { openEngine } from '../../engine/engine.ts';
import type { Event } from '../../notification/event.ts';
import { EXIT, type ExitCode, type Io, type Register } from '../io.ts';
import { logTo } from '../log.ts';
import { explain, type Input } from './steps.ts';

const Options = z.object({
  id: z.string().optional(),
  project: z.string().optional(),
  reveal: z.boolean().default(false),
  json: z.boolean().default(false),
});
type Options = z.output<typeof Options>;

/** `explain`. */
export const registerExplain: Register = (program, io, finish) => {
  program
    .command('explain')
    .argument('[file]', 'JSON file with a push of Pub/Sub or a notification; - reads standard input')
    .option('--id <customerId>', 'explain a customer of commercetools, as if it had just changed', customerId)
    .option('--project <key>', 'the commercetools project of --id, needed if there are several')
    .option('--reveal', 'print values too, which are personal data; without it only the names of fields')
    .option('--json', 'print one JSON document')
    .description(
      'Show step by step how a push, a notification or a customer would be processed. Writes nothing.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  npx customer-sync explain test/fixtures/customer-updated.json\n  npx customer-sync explain --id 1f2e3d4c-5b6a-7988-a7b6-c5d4e3f2a1b0 --reveal',
    )
    .action(async (file, given) => finish(await run(file, Options.parse(given), io)));
};

async function run(file: unknown, options: Options, io: Io): Promise<ExitCode> {
  if ((file === undefined) === (options.id === undefined)) {
    io.err('Expected one of a file, - for standard input, and --id <customerId>; --help has examples.');
    return EXIT.usage;
  }
  const { id, project } = options;
  const input: Input =
    id === undefined ? { body: await read(String(file), io) } : { event: changeOf(id, project) };
  const configuration = await io.configuration();
  const engine = openEngine(configuration, logTo(io));
  try {
    const { steps, code } = await explain(input, engine, { ...options, log: logTo(io), signal: io.signal });
    if (options.json) io.out(JSON.stringify({ steps }));
    else
      for (const { step, ...values } of steps)
        io.out(step === 'values' ? tableOf(values['rows']) : `${step}\n${linesOf(values)}`);
    return io.signal.aborted ? EXIT.interrupted : code;
  } finally {
    await engine.close();
  }
}

async function read(file: string, io: Io): Promise<Buffer> {
  if (file === '-') return buffer(io.stdin);
  return readFile(file).catch(() => {
    throw new ConfigurationError([
      { where: 'argument file', expected: 'a readable file, or - for standard input', found: file },
    ]);
  });
}

/** The event of a customer that has just changed, without a version. */
function changeOf(id: string, projectKey: string | undefined): Event {
  return {
    identity: `customer/${id}`,
    kind: 'ResourceUpdated',
    ...(projectKey !== undefined && { projectKey }),
    resource: { typeId: 'customer', id, identifiers: {} },
    deletion: false,
  };
}

function customerId(text: string): string {
  if (/^[\w-]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected the id of a customer: letters, digits, - and _.');
}

const Rows = z.array(
  z.object({ field: z.string(), commercetools: z.unknown(), sent: z.unknown(), fluent: z.unknown() }),
);

/** The four columns that the demo has, of what --reveal shows. */
function tableOf(rows: unknown): string {
  const table = new Table({
    head: ['Fluent field', 'in commercetools', 'would send', 'now in Fluent'],
    style: { head: [], border: [], compact: true },
  });
  for (const { field, commercetools, sent, fluent } of Rows.parse(rows))
    table.push([
      field,
      ...[commercetools, sent, fluent].map((value) => (value === undefined ? '' : textOf(value))),
    ]);
  return table.toString();
}

function linesOf(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(12)}  ${textOf(value)}`)
    .join('\n');
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
    return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
