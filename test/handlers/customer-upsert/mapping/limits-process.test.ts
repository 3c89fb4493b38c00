import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { changeOf, startUpstreams } from '../../../sandbox/connected.ts';
import { startProcess } from '../../../sandbox/process.ts';
import { sendPush } from '../../../sandbox/push.ts';
import { until } from '../../../sandbox/until.ts';

const SHIPPED = new URL('../../../../config/connector.yml', import.meta.url);

t.test('an endless mapping blocks neither health checks nor SIGTERM', async (t) => {
  const upstreams = await startUpstreams(t);
  const { commercetools, fluent } = upstreams;
  const endless = '($f := function($s){ $s = "Loop" ? $f($s) : $s }; $f(firstName))';
  const text = (await readFile(SHIPPED, 'utf8'))
    .replace('firstName: firstName', `firstName: '${endless}'`)
    .replace('title: title', `title: '$replace(title, /^(a+)+$/, "Dr")'`);
  const path = join(t.testdir(), 'connector.yml');
  await writeFile(path, text);
  const service = await startProcess(t, { ...upstreams.env, CONNECTOR_CONFIG: path });

  const customer = await commercetools.createCustomer({
    email: 'loop@example.com',
    password: 'secret',
    firstName: 'Loop',
    lastName: 'Birkvale',
    title: `${'a'.repeat(34)}!`,
  });
  const pushed = sendPush(`${service.url}/push`, changeOf(customer));
  t.equal((await fetch(`${service.url}/health/live`)).status, 200);
  t.equal((await pushed).status, 204);
  t.match(fluent.customers.get(customer.id), { lastName: 'Birkvale', title: customer.title });
  t.ok(await until(() => service.lines.some(({ expressions }) => expressions !== undefined)));
  t.match(
    service.lines.find(({ expressions }) => expressions !== undefined),
    { severity: 'WARNING', expressions: ['firstName'] },
  );
  t.notMatch(JSON.stringify(service.lines), /Loop|Birkvale/);

  // Repeated, so that some are being mapped when the signal comes.
  const more = Array.from({ length: 50 }, (_, index) =>
    sendPush(`${service.url}/push`, { ...changeOf(customer), version: index }).catch(() => undefined),
  );
  t.match(await service.stop('SIGTERM'), { code: 0, signal: null });
  await Promise.all(more);
});
