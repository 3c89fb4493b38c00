import { access, glob, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { EXIT } from '../src/cli/io.ts';
import { environmentExample, variableTable } from '../src/configuration/environment.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFile(join(root, file), 'utf8');

const readmes: { readonly file: string; readonly text: string }[] = [];
for await (const file of glob('{,.*/,*/**/}README.md', {
  cwd: root,
  exclude: (name) => name.includes('node_modules'),
}))
  readmes.push({ file, text: await read(file) });

/** The text of the first column of a README's tables, in a section. */
function firstColumn(text: string, section: string): string {
  const [, after = ''] = text.split(`\n## ${section}\n`);
  const [part = ''] = after.split('\n## ');
  return part.replace(/^\| (.*?) \|.*$/gm, '$1');
}

/** The words in backticks. */
function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(' ', '-');
}

t.test('the README has at most 180 lines', async (t) => {
  t.ok((await read('README.md')).split('\n').length <= 181);
});

t.test('config/README.md lists every variable as the schema describes it', async (t) => {
  const text = await read('config/README.md');
  t.ok(
    text.includes(variableTable().trim()),
    'run variableTable() of src/configuration/environment.ts and paste it',
  );
});

t.test('.env.example holds every variable', async (t) => {
  const example = environmentExample(await read('config/connector.yml'));
  if (process.env['WRITE'] === '1') await writeFile(join(root, '.env.example'), example);
  const advice = 'run `WRITE=1 node test/readme.test.ts`, which writes it';
  t.equal(await read('.env.example'), example, advice);
});

t.test('every file and heading that a README links to exists', async (t) => {
  t.ok(readmes.length >= 8, readmes.map(({ file }) => file).join(', '));
  for (const { file, text } of readmes)
    for (const [, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const path = target === '' ? join(root, file) : join(root, dirname(file), target);
      await t.resolves(access(path), `${file}: ${target}`);
      if (anchor === undefined) continue;
      const headings = [...(await readFile(path, 'utf8')).matchAll(/^#+ (.+)$/gm)];
      t.ok(
        headings.some(([, heading = '']) => anchorOf(heading) === anchor),
        `${file}: ${target}#${anchor}`,
      );
    }
});

t.test('every npm script in a README exists', async (t) => {
  const { scripts } = JSON.parse(await read('package.json'));
  for (const { file, text } of readmes)
    for (const [, name = ''] of text.matchAll(/npm run ([a-z:-]+)/g))
      t.ok(Object.hasOwn(scripts, name), `${file}: ${name}`);
});

t.test('every source file in a README exists', async (t) => {
  // "as `path`" introduces an example that the reader saves there.
  for (const { file, text } of readmes)
    for (const [path] of text.matchAll(/(?<![\w./@-]|as `)(src|routes|config|test)\/[\w./-]*\w/g))
      await t.resolves(access(join(root, path)), `${file}: ${path}`);
});

t.test("the operator's README lists the exit codes", async (t) => {
  const rows = [...(await read('src/cli/README.md')).matchAll(/^\| (\d+) \|/gm)].map(([, code]) =>
    Number(code),
  );
  t.strictSame(rows, Object.values(EXIT));
});

t.test('the table of alerts has each alert once', async (t) => {
  const rules = await read('config/prometheus-alerts.yml');
  const defined = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const listed = codesIn(firstColumn(await read('src/dashboard/README.md'), 'Metrics and alerts'));
  t.strictSame(listed.filter((code) => code.startsWith('CustomerSync')).sort(), defined.sort());
});

t.test('the table of reasons has every reason of the sources, once', async (t) => {
  let sources = '';
  for await (const file of glob('{src,handlers}/**/*.ts', { cwd: root })) sources += await read(file);
  const listed = codesIn(firstColumn(await read('src/dashboard/README.md'), 'Reasons'));
  t.equal(new Set(listed).size, listed.length);
  for (const reason of listed) {
    const literal = reason.replace('…', '');
    t.ok(sources.includes(`'${literal}'`) || sources.includes(`\`${literal}`), reason);
  }
});

t.test('every error that an event can end with has its reason in the table', async (t) => {
  const listed = new Set(codesIn(firstColumn(await read('src/dashboard/README.md'), 'Reasons')));
  const thrown = /(?:new (?:Failure|Rejection)\(|new UpstreamFault\(\s*'[a-z]+',)\s*'([a-z-]+)'/g;
  // A second token that is refused is reported as `credentials-refused`.
  const inner = new Set(['token-refused']);
  for await (const file of glob('{src,handlers}/**/*.ts', { cwd: root })) {
    if (file.startsWith('src/cli/')) continue;
    for (const [, reason = ''] of (await read(file)).matchAll(thrown))
      t.ok(listed.has(reason) || inner.has(reason), `${file}: ${reason}`);
  }
});
