import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runProcess } from '../cli/command.ts';
import { outsideFolder } from '../sandbox/outside-folder.ts';
import { block, mappingTest, orderNoteProject } from './readme-project.ts';

t.test(
  "the README's tests of a handler and of a mapping run, in a folder without node_modules",
  async (t) => {
    const folder = outsideFolder(t, 'readme-kit');
    const { CONNECTOR_CONFIG } = await orderNoteProject(folder);
    await writeFile(join(folder, 'handlers/order-note.test.ts'), block('handlers/order-note.test.ts'));
    await writeFile(join(folder, 'handlers/mapping.test.ts'), mappingTest);

    const all = await runProcess(t, ['test'], {}, { cwd: folder });
    t.equal(all.code, 0, all.out + all.err);
    t.match(all.out, /# pass 5|ℹ pass 5/);

    await t.test('fails for a wrong handler', async (t) => {
      const file = join(folder, 'handlers/order-note.ts');
      await writeFile(
        file,
        block('handlers/order-note.ts').replace("reason: 'noted'", "reason: 'forgotten'"),
      );
      const { code, out } = await runProcess(t, ['test', 'handlers/order-note.test.ts'], {}, { cwd: folder });
      t.equal(code, 1);
      t.match(out, /forgotten/);
    });

    await t.test('a fault of the configuration is in the error message', async (t) => {
      await writeFile(CONNECTOR_CONFIG, 'accounts: []');
      const { code, out } = await runProcess(t, ['test', 'handlers/mapping.test.ts'], {}, { cwd: folder });
      t.equal(code, 1);
      t.match(out, /The configuration has \d+ faults:[\s\S]*connector\.yml:1/);
    });
  },
);
