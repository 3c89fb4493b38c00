import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { loadConfiguration } from '../../config/load.ts';
import { runReconcile } from '../../src/cli/run-reconcile.ts';
import { accessToken } from '../sandbox/access-token.ts';
import { type CommercetoolsSandbox, startCommercetools } from '../sandbox/commercetools.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { sendPush } from '../sandbox/push.ts';
import { environmentFor, startService } from '../sandbox/service.ts';

const root = join(import.meta.dirname, '../..');
const readme = await readFile(join(root, 'handlers/README.md'), 'utf8');

/** The code block that follows the words `Save it as` and the file's name. */
function block(file: string): string {
  const code = readme.split(`Save it as \`${file}\``)[1]?.match(/```ts\n([\s\S]*?)```/)?.[1];
  if (code === undefined) throw new Error(`Expected a block for ${file} in handlers/README.md, found none.`);
  return code;
}

/** A project folder like this one, with the files of the walk-through in it. */
async function project(folder: string, file: string): Promise<string> {
  for (const name of ['src', 'node_modules']) await symlink(join(root, name), join(folder, name));
  await mkdir(join(folder, 'handlers/custom'), { recursive: true });
  await cp(join(root, 'handlers/customer-upsert'), join(folder, 'handlers/customer-upsert'), {
    recursive: true,
  });
  await writeFile(join(folder, file), block(file));
  return join(folder, 'handlers');
}

async function importOrder(commercetools: CommercetoolsSandbox, customerId: string) {
  const answer = await fetch(`${commercetools.url}/${commercetools.projectKey}/orders/import`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await accessToken(commercetools)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ customerId, totalPrice: { currencyCode: 'EUR', centAmount: 100 } }),
  });
  return z.object({ id: z.string(), createdAt: z.string() }).parse(await answer.json());
}

t.test('the new handler of the README notes the last order on the Fluent customer', async (t) => {
  const commercetools = await startCommercetools();
  const fluent = await startFluent();
  t.teardown(() => Promise.all([commercetools.close(), fluent.close()]));
  const handlersFolder = await project(t.testdir(), 'handlers/order-note.ts');
  const route = readme.match(/```yaml\n([\s\S]*?)```/)?.[1] ?? '';
  const shipped = await readFile(join(root, 'config/connector.yml'), 'utf8');
  const config = join(handlersFolder, '../connector.yml');
  await writeFile(config, `${shipped}\n${route}`);
  const env = { ...environmentFor(commercetools, fluent), CONNECTOR_CONFIG: config };
  const service = await startService(env, { handlersFolder });
  t.teardown(() => service.close());

  const customer = await commercetools.createCustomer({ email: 'ada@example.com' });
  fluent.seed({ username: customer.id, primaryEmail: 'ada@example.com' });
  const order = await importOrder(commercetools, customer.id);
  const answer = await sendPush(service.push, {
    notificationType: 'ResourceCreated',
    projectKey: commercetools.projectKey,
    resource: { typeId: 'order', id: order.id },
    version: 1,
  });

  t.equal(answer.status, 204, answer.body);
  t.match(fluent.customers.get(customer.id)?.attributes, [
    { name: 'lastOrderAt', type: 'STRING', value: order.createdAt },
  ]);
});

t.test(
  'the replacement of the README leaves test customers out, and builds upon the shipped one',
  async (t) => {
    const commercetools = await startCommercetools();
    const fluent = await startFluent();
    t.teardown(() => Promise.all([commercetools.close(), fluent.close()]));
    const handlersFolder = await project(t.testdir(), 'handlers/custom/customer-upsert.ts');
    const service = await startService(environmentFor(commercetools, fluent), { handlersFolder });
    t.teardown(() => service.close());

    for (const email of ['ada@example.com', 'ada@shop.example.org']) {
      const customer = await commercetools.createCustomer({ email });
      const answer = await sendPush(service.push, {
        notificationType: 'ResourceCreated',
        projectKey: commercetools.projectKey,
        resource: { typeId: 'customer', id: customer.id },
        version: customer.version,
      });
      t.equal(answer.status, 204, answer.body);
      t.equal(fluent.customers.has(customer.id), email.endsWith('.org'), email);
    }
    const said: string[] = [];
    const io = {
      env: {},
      stdin: process.stdin,
      out: (text: string) => void said.push(text),
      err: () => {},
      terminal: false,
      signal: new AbortController().signal,
      configuration: () => loadConfiguration(environmentFor(commercetools, fluent), handlersFolder),
    };
    for (const fix of [false, true])
      t.equal(await runReconcile({ fix, json: true }, io), 0, 'what it leaves out is no difference');
    t.match(
      said.map((line) => JSON.parse(line)),
      [{ summary: { equal: 2 } }, { summary: { equal: 2 } }],
    );
    const connector = await (await fetch(`${service.url}/connector`)).text();
    t.match(connector, '"source":"handlers/custom/customer-upsert.ts","replaces":"handlers/customer-upsert"');
  },
);
