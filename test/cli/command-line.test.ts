import { Readable } from 'node:stream';
import t from 'tap';
import manifest from '../../package.json' with { type: 'json' };
import { COMMANDS, runCommandLine } from '../../src/cli/command-line.ts';
import { formatFaults } from '../../src/configuration/environment.ts';
import { startUpstreams } from '../sandbox/connected.ts';
import { runProcess } from './command.ts';

/** Runs a command whose configuration throws an unexpected error. */
async function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  let out = '';
  let err = '';
  const io = {
    env,
    stdin: Readable.from([]),
    out: (text: string) => {
      out += `${text}\n`;
    },
    err: (text: string) => {
      err += `${text}\n`;
    },
    terminal: false,
    signal: new AbortController().signal,
    async configuration(): Promise<never> {
      throw new TypeError('jane@example.com');
    },
  };
  return { code: await runCommandLine(args, io, formatFaults), out, err };
}

t.test('prints an unexpected error with its stack, and in production without its message', async (t) => {
  const FRAME = /^ {4}at .*command-line\.test\.ts:\d+:\d+\)?$/m;
  const result = await run(['doctor'], {});
  t.equal(result.code, 3);
  t.match(result.err, /^Unexpected error\. TypeError: jane@example\.com$/m);
  t.match(result.err, FRAME);
  const inProduction = await run(['doctor'], { NODE_ENV: 'production' });
  t.match(inProduction.err, /^Unexpected error\. TypeError$/m);
  t.match(inProduction.err, FRAME);
  t.notMatch(inProduction.err, /jane/);
});

t.test('prints its version', async (t) => {
  t.match(await run(['--version'], {}), { code: 0, out: `${manifest.version}\n`, err: '' });
});

t.test('each command is loaded by its name, and the help lists all', async (t) => {
  const { out } = await run(['--help'], {});
  const names = [...out.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name]) => name);
  t.same(names, [...Object.keys(COMMANDS), 'help']);
  for (const name of Object.keys(COMMANDS))
    t.match(await run([name, '--help'], {}), { code: 0, out: new RegExp(`^Usage: customer-sync ${name} `) });
  for (const name of ['constructor', 'snyc'])
    t.match(await run([name], {}), { code: 2, err: `unknown command '${name}'` });
});

t.test('without Google credentials it prints its own error, and no warning of the library', async (t) => {
  const { env } = await startUpstreams(t);
  const { out, err, code } = await runProcess(t, ['doctor'], env);
  t.equal(code, 1);
  t.match(out, /✖ Google: credentials: Expected Google credentials/);
  t.notMatch(err, /Warning|metadata/i);
});

for (const pattern of ['handlers/**/*.test.{ts,js}', 'own/*.test.ts'])
  t.test(`test reports that no file matches ${pattern}`, async (t) => {
    const cwd = t.testdir({ 'other.test.ts': '' });
    const args = pattern.startsWith('own') ? ['test', pattern] : ['test'];
    const { code, out, err } = await runProcess(t, args, {}, { cwd });
    t.equal(code, 1);
    t.equal(out, '');
    t.match(err, `No file matches ${pattern} in ${cwd}; `);
  });
