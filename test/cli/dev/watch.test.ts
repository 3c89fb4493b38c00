import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { watchAll } from '../../../src/cli/dev/watch.ts';
import { until } from '../../sandbox/until.ts';

t.test('a change of a file is told, however it is made', async (t) => {
  const root = t.testdir({
    watched: { 'connector.yml': 'a', handlers: { 'one.ts': '1' }, node_modules: {} },
    real: { 'linked.ts': '1' },
  });
  const folder = join(root, 'watched');
  await symlink(join(root, 'real'), join(folder, 'link'));
  const seen: string[] = [];
  const watcher = watchAll([folder, join(folder, 'is-not-there')], (files) =>
    seen.push(...files.map((file) => file.slice(folder.length + 1))),
  );
  t.teardown(() => watcher.close());
  const file = join(folder, 'connector.yml');
  let told = 0;
  const changes: readonly (readonly [string, string, () => Promise<void>])[] = [
    ['written', 'connector.yml', () => writeFile(file, 'bb')],
    [
      'replaced, as editors do',
      'connector.yml',
      async () => {
        await writeFile(join(folder, '.swap'), 'ccc');
        await rename(join(folder, '.swap'), file);
      },
    ],
    ['written after it was replaced', 'connector.yml', () => writeFile(file, 'dddd')],
    ['new', 'handlers/two.ts', () => writeFile(join(folder, 'handlers/two.ts'), '2')],
    ['in a folder that is new', 'more/three.ts', () => addFolder(join(folder, 'more'))],
    ['behind a symlink', 'link/linked.ts', () => writeFile(join(root, 'real/linked.ts'), '22')],
    [
      'in a folder that was replaced, as git does',
      'more/three.ts',
      () => replaceFolder(join(folder, 'more')),
    ],
    [
      'written in the folder that has replaced it',
      'more/three.ts',
      () => writeFile(join(folder, 'more/three.ts'), '33333'),
    ],
    [
      'the second of two at once',
      'handlers/one.ts',
      async () => {
        await Promise.all([writeFile(file, 'eeeee'), writeFile(join(folder, 'handlers/one.ts'), '111')]);
      },
    ],
    ['gone', 'handlers/two.ts', () => rm(join(folder, 'handlers/two.ts'))],
  ];
  for (const [title, name, change] of changes) {
    await change();
    t.ok(await until(() => seen.slice(told).includes(name)), title);
    told = seen.length;
  }
  await chmod(file, 0o755);
  await writeFile(join(folder, 'handlers/one.test.ts'), '1');
  await writeFile(join(folder, 'node_modules/x.ts'), '1');
  await writeFile(join(folder, 'handlers/one.ts'), '11');
  t.ok(await until(() => seen.slice(told).includes('handlers/one.ts')));
  const others = seen.slice(told).filter((name) => name !== 'handlers/one.ts');
  t.same(others, [], 'rights, tests and node_modules are none of it');
});

async function addFolder(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'three.ts'), '3');
}

async function replaceFolder(folder: string): Promise<void> {
  await mkdir(`${folder}~`);
  await writeFile(join(`${folder}~`, 'three.ts'), '3333');
  await rename(folder, `${folder}.~`);
  await rename(`${folder}~`, folder);
}

t.test('a volume that Kubernetes swaps is told', async (t) => {
  const folder = t.testdir({ '..one': { 'connector.yml': 'a', mine: { 'index.ts': '1' } } });
  await symlink('..one', join(folder, '..data'));
  for (const name of ['connector.yml', 'mine']) await symlink(join('..data', name), join(folder, name));
  const seen: string[] = [];
  const watcher = watchAll([join(folder, 'connector.yml'), folder], (names) => seen.push(...names));
  t.teardown(() => watcher.close());
  for (const [version, text] of Object.entries({ two: 'bb', three: 'ccc' })) {
    const told = seen.length;
    await mkdir(join(folder, `..${version}/mine`), { recursive: true });
    await writeFile(join(folder, `..${version}/connector.yml`), text);
    await writeFile(join(folder, `..${version}/mine/index.ts`), text);
    await symlink(`..${version}`, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    t.ok(await until(() => seen.length > told), version);
  }
  const files = ['connector.yml', 'mine/index.ts'].map((name) => join(folder, name));
  t.ok(seen.every((name) => files.includes(name)));
});

t.test('a file alone is watched, and not what lies beside it', async (t) => {
  const folder = t.testdir({ 'connector.yml': 'a', 'other.yml': 'a' });
  const file = join(folder, 'connector.yml');
  const seen: string[] = [];
  const watcher = watchAll([file], (names) => seen.push(...names));
  t.teardown(() => watcher.close());
  await writeFile(join(folder, 'other.yml'), 'bb');
  await writeFile(join(folder, '.swap'), 'ccc');
  await rename(join(folder, '.swap'), file);
  t.ok(await until(() => seen.length > 0));
  await writeFile(file, 'dddd');
  t.ok(await until(() => seen.length > 1));
  t.same(new Set(seen), new Set([file]));
});

t.test('what is not there yet is told once it is', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'mine/handlers');
  const seen: string[] = [];
  const watcher = watchAll([file], (names) => seen.push(...names));
  t.teardown(() => watcher.close());
  await mkdir(file, { recursive: true });
  await writeFile(join(file, 'one.ts'), '1');
  t.ok(await until(() => seen.includes(join(file, 'one.ts'))));
});
