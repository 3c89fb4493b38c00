import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import type { Sender } from '../../src/senders/sender.ts';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';

const FOLDER = new URL('../../src/senders/', import.meta.url);
const KEY = 'gateway-key-0123456789';
const readme = await readFile(new URL('README.md', FOLDER), 'utf8');
const upstreams = await startUpstreams(t);

/** Imports the sender in the README; its imports are made absolute, because it is imported from another folder. */
async function gatewayOf(t: Test): Promise<Sender> {
  const [, source = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  const absolute = source
    .replace(/from '(\.\.?\/[^']+)'/g, (_, path: string) => `from '${new URL(path, FOLDER).href}'`)
    .replace("from 'zod'", `from '${import.meta.resolve('zod')}'`);
  const folder = t.testdir({ 'gateway.ts': absolute });
  const { createGateway } = await import(pathToFileURL(join(folder, 'gateway.ts')).href);
  return createGateway([KEY]);
}

t.test('the sender in the README works beside the shipped ones', async (t) => {
  const service = await connect(
    t,
    upstreams,
    { PUSH_AUTH: 'token', PUSH_TOKEN: 'push-token-0123456789' },
    { senders: [await gatewayOf(t)] },
  );
  const customer = await upstreams.commercetools.createCustomer({ email: 'gateway@example.com' });
  const other = { notificationType: 'ResourceUpdated', resource: { typeId: 'order', id: 'o-1' }, version: 1 };
  const send = async (body: unknown, headers: Record<string, string>) => {
    const answer = await fetch(service.push, { method: 'POST', body: JSON.stringify(body), headers });
    return answer.status;
  };
  const records = [
    { id: 'g-1', payload: changeOf(customer, 'ResourceCreated') },
    { id: 'g-2', payload: other },
  ];

  t.equal(await send({ records }, { 'x-gateway-key': KEY }), 200);
  t.ok(upstreams.fluent.customers.has(customer.id));
  t.match(
    service.lines.filter(({ sender }) => sender === 'gateway').map(({ messageId }) => messageId),
    ['g-2', 'g-1'],
    'one line a notification',
  );
  t.equal(await send({ records }, { 'x-gateway-key': 'another-key' }), 401);
  t.equal(await send({ records }, { authorization: `Bearer ${KEY}` }), 401, 'its key opens nothing else');
  t.equal(
    await send({ records }, { 'x-gateway-key': 'another', authorization: 'Bearer push-token-0123456789' }),
    401,
  );
  t.equal(await send({ records: [] }, { 'x-gateway-key': KEY }), 400);
  const poison = { id: 'g-3', payload: { notificationType: 'ResourceUpdated' } };
  t.equal(await send({ records: [poison, ...records] }, { 'x-gateway-key': KEY }), 400, 'all or none');
});

t.test('a push without notifications in your own sender is rejected, and releases its bytes', async (t) => {
  const empty: Sender = {
    name: 'empty',
    timeLimitSeconds: 10,
    statuses: { done: 200, ignored: 200, rejected: 400, failed: 503 },
    ownHeaders: [{ name: 'x-empty' }],
    authenticate: () => 'accepted',
    open: () => [],
  };
  const service = await connect(t, upstreams, { QUEUE_BYTES: '15728640' }, { senders: [empty] });
  // More than the budget allows at one time.
  const body = 'x'.repeat(6_000_000);
  for (let sent = 0; sent < 4; sent += 1) {
    const answer = await fetch(service.push, { method: 'POST', headers: { 'x-empty': '1' }, body });
    t.equal(answer.status, 400);
    t.match(await answer.json(), { reason: 'undecodable' });
  }
});
