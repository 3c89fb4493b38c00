import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { variableTable } from '../config/environment.ts';

const root = join(import.meta.dirname, '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

t.test('the README lists every variable as the schema describes it', async (t) => {
  t.ok(readme.includes(variableTable().trim()), 'run variableTable() of config/environment.ts and paste it');
});

t.test('every file that the README links to is there', async (t) => {
  for (const [, target = ''] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g))
    await t.resolves(access(join(root, target)), target);
});

t.test('every npm script that the README names is there', async (t) => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const [, name = ''] of readme.matchAll(/npm run ([a-z:-]+)/g))
    t.ok(Object.hasOwn(scripts, name), name);
});
