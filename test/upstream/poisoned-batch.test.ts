import { createServer, request } from 'node:http';
import t, { type Test } from 'tap';
import { type Payload, startCommercetools } from '../sandbox/commercetools.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { sendPush } from '../sandbox/push.ts';
import { environmentFor, startService } from '../sandbox/service.ts';

/** A proxy for Fluent that answers HTTP 500 to every mutation that contains a certain text. */
async function startGateway(t: Test, target: string, word: string): Promise<string> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      if (body.includes('mutation') && body.includes(word)) {
        outgoing.writeHead(500).end('{}');
        return;
      }
      const { url: path = '/', method, headers } = incoming;
      const passed = request({ hostname, port, path, method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      passed.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('Expected the gateway to listen.');
  return `http://127.0.0.1:${address.port}`;
}

t.test('a customer that causes an error in Fluent fails alone, not with its batch', async (t) => {
  const notifications: Payload[] = [];
  const commercetools = await startCommercetools({
    onNotification: (notification) => notifications.push(notification),
  });
  const fluent = await startFluent();
  t.teardown(() => Promise.all([commercetools.close(), fluent.close()]));
  const gateway = await startGateway(t, fluent.url, 'Unbearable');
  const service = await startService({ ...environmentFor(commercetools, fluent), FLUENT_API_URL: gateway });
  t.teardown(() => service.close());

  for (let number = 0; number < 30; number += 1)
    await commercetools.createCustomer({
      email: `person-${number}@example.com`,
      firstName: number === 7 ? 'Unbearable' : 'Good',
    });
  const answers = await Promise.all(
    notifications.map((notification) => sendPush(service.push, notification)),
  );
  t.equal(answers.filter(({ status }) => status === 204).length, 29);
  t.equal(answers.filter(({ status }) => status === 503).length, 1);
  t.equal(fluent.customers.size, 29);
});
