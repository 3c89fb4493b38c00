import { join } from 'node:path';
import t from 'tap';
import { withEnvFile } from '../../src/cli/env-file.ts';

t.test('the environment of a command', async (t) => {
  const folder = t.testdir({
    '.env.local': '# head\nCTP_PROJECT_KEY=stand-in\nFLUENT_API_URL=http://127.0.0.1:1\n',
    'other.env': 'CTP_PROJECT_KEY=other\n',
    empty: {},
  });
  const other = join(folder, 'other.env');
  const local = { CTP_PROJECT_KEY: 'stand-in', FLUENT_API_URL: 'http://127.0.0.1:1' };
  const cases = [
    { title: 'that of .env.local', args: ['doctor'], env: {}, is: local, note: /that of \.env\.local/ },
    {
      title: 'with the same values in the process',
      args: ['sync'],
      env: { PORT: '1' },
      is: { ...local, PORT: '1' },
      note: /that of/,
    },
    {
      title: 'an empty variable counts as not set',
      args: ['sync'],
      env: { FLUENT_API_URL: '' },
      is: local,
      note: /that of/,
    },
    {
      title: 'not with a contradicting variable',
      args: ['sync'],
      env: { CTP_PROJECT_KEY: 'real' },
      is: { CTP_PROJECT_KEY: 'real' },
      note: /is not used: the environment has other values for CTP_PROJECT_KEY/,
    },
    {
      title: 'not in production',
      args: ['sync'],
      env: { NODE_ENV: 'production' },
      is: { NODE_ENV: 'production' },
    },
    { title: 'not for dev', args: ['dev'], env: {}, is: {} },
    {
      title: 'of --env-file',
      args: ['--env-file', other, 'sync'],
      env: {},
      is: { CTP_PROJECT_KEY: 'other' },
    },
    {
      title: 'of --env-file=',
      args: ['sync', `--env-file=${other}`],
      env: {},
      is: { CTP_PROJECT_KEY: 'other' },
    },
    {
      title: 'variables of the process take precedence over --env-file',
      args: ['sync', `--env-file=${other}`],
      env: { CTP_PROJECT_KEY: 'mine' },
      is: { CTP_PROJECT_KEY: 'mine' },
    },
  ];
  for (const { title, args, env, is, note } of cases) {
    const read = await withEnvFile(args, env, folder);
    t.same(read.env, is, title);
    if (note) t.match(read.note, note, title);
    else t.equal(read.note, undefined, title);
  }
  t.same(
    await withEnvFile(['sync'], {}, join(folder, 'empty')),
    { env: {} },
    'the one that it has, without a file',
  );
  const failed: unknown = await withEnvFile(['--env-file', join(folder, 'none'), 'sync'], {}, folder).catch(
    (error: unknown) => error,
  );
  t.match(failed, { faults: [{ where: /--env-file .*none/, found: 'no such file' }] });
});
