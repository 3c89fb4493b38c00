import t from 'tap';
import { openAccount } from '../../src/engine/accounts.ts';
import { runTraced } from '../../src/engine/traced-clients.ts';
import type { Fluent } from '../../src/fluent/fluent.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Span } from '../../src/observe/span.ts';

const NOWHERE = 'http://127.0.0.1:9';
const span: Span = { child: () => span, end() {}, link() {} };

t.test('a traced call to Fluent gets all arguments of the handler, including its signal', async (t) => {
  const credentials = { clientId: 'a', clientSecret: 'b', authUrl: NOWHERE, apiUrl: NOWHERE };
  const { commercetools, upstreams } = openAccount(
    {
      commercetools: { projectKey: 'project', ...credentials },
      fluent: { retailerId: '1', username: 'u', password: 'p', ...credentials },
    },
    {
      commercetoolsConcurrency: 1,
      fluentConcurrency: 1,
      fluentBatch: 1,
      requestMilliseconds: 100,
      budgetMilliseconds: 100,
      log: createLog('silent'),
      onCredentials() {},
    },
  );
  t.teardown(() => Promise.all(upstreams.map((upstream) => upstream.close())));
  const given: unknown[] = [];
  const found = async (...all: unknown[]): Promise<undefined> => void given.push(all);
  const written = async (...all: unknown[]) => {
    given.push(all);
    return { username: 'a' };
  };
  const fluent: Fluent = {
    findCustomer: found,
    createCustomer: written,
    updateCustomer: written,
    request: found,
  };
  const input = {
    username: 'a',
    primaryEmail: 'a@example.com',
    promotionOptIn: false,
    retailer: { id: '1' },
  };
  const { signal } = new AbortController();
  await runTraced(span, { commercetools, fluent }, async ({ fluent }) => {
    await fluent.findCustomer('a', { alone: true });
    await fluent.createCustomer(input, { signal });
    await fluent.updateCustomer({ username: 'a' }, { signal });
    await fluent.request('query', { a: 1 }, { signal });
  });
  t.strictSame(given, [
    ['a', { alone: true }],
    [input, { signal }],
    [{ username: 'a' }, { signal }],
    ['query', { a: 1 }, { signal }],
  ]);
});
