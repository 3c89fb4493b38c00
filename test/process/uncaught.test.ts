import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { startProcess } from '../sandbox/process.ts';
import { sendPush } from '../sandbox/push.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECRET = 'Amba Birkvale <amba@example.com>';

/** A copy of the project. */
const folder = t.testdir();
for (const name of ['src', 'routes', 'config', 'handlers', 'package.json'])
  cpSync(join(ROOT, name), join(folder, name), { recursive: true });
mkdirSync(join(folder, 'handlers/custom'));
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

/** Makes its customer handler throw asynchronously, so that nothing can catch the error. */
function makeHandlerThat(throws: string): void {
  const handler = `
    import { z } from 'zod';
    import { defineHandler } from '../../src/handler.ts';
    class Personal extends Error { override name = ${JSON.stringify(SECRET)}; }
    export default defineHandler({
      description: 'Throws.',
      props: z.looseObject({}),
      readsCurrentState: true,
      create: () => async () => {
        setTimeout(function breakDown() { ${throws} });
        return { kind: 'done', reason: 'test' };
      },
    });
  `;
  writeFileSync(join(folder, 'handlers/custom/customer-upsert.ts'), handler);
}

const CASES = [
  {
    name: 'an exception',
    throws: `throw new Personal(${JSON.stringify(SECRET)});`,
    type: 'Error',
    frame: /breakDown .*custom\/customer-upsert\.ts/,
  },
  {
    name: 'a rejection',
    throws: `Promise.reject(new TypeError(${JSON.stringify(SECRET)}));`,
    type: 'TypeError',
    frame: /breakDown/,
  },
  { name: 'a text', throws: `throw ${JSON.stringify(SECRET)};`, type: 'string', frame: undefined },
];

for (const { name, throws, type, frame } of CASES)
  t.test(
    `${name} that nothing catches is logged by where it came from, and ends the service with 1`,
    async (t) => {
      const upstreams = await startUpstreams(t);
      makeHandlerThat(throws);
      const service = await startProcess(t, upstreams.env, folder);
      t.equal((await sendPush(`${service.url}/push`, changeOf({ id: 'c-1', version: 1 }))).status, 204);
      const { code, stderr } = await service.exited;
      t.equal(code, 1);
      t.equal(stderr, '');
      const line = service.lines.find(({ severity }) => severity === 'CRITICAL');
      t.match(line, { err: { type }, message: /that nothing/ });
      if (frame) t.match(JSON.stringify(line), frame);
      t.match(service.lines.at(-1), { message: 'Everything in flight is finished.' });
      t.notMatch(JSON.stringify(service.lines), /Amba|Birkvale|example/);
    },
  );
