import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const Value = z.object({ stringValue: z.string().optional(), boolValue: z.boolean().optional() });
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .default([])
  .transform((list) =>
    Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? value.boolValue])),
  );
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.string().transform(Number),
  endTimeUnixNano: z.string().transform(Number),
  attributes: Attributes,
  links: z.array(z.object({ spanId: z.string() })).default([]),
  status: z.object({ code: z.number().optional() }).default({}),
});
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(Span) })),
    }),
  ),
});
type Span = z.output<typeof Span>;

/** An OpenTelemetry collector that receives OTLP in JSON. */
async function startCollector(t: Test) {
  const spans: Span[] = [];
  const services = new Set<unknown>();
  const requests: { url: string | undefined; headers: IncomingHttpHeaders; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const text = await textOf(request);
    requests.push({ url: request.url, headers: request.headers, text });
    for (const { resource, scopeSpans } of Export.parse(JSON.parse(text)).resourceSpans) {
      services.add(resource.attributes['service.name']);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('Expected the collector to listen.');
  return { endpoint: `http://127.0.0.1:${address.port}`, spans, services, requests };
}

async function setUp(t: Test, env: Record<string, string> = {}) {
  const upstreams = await startUpstreams(t);
  const collector = await startCollector(t);
  const service = await connect(t, upstreams, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...env });
  let customers = 0;
  async function newChange() {
    customers += 1;
    const email = `trace-${customers}@example.com`;
    const customer = await upstreams.commercetools.createCustomer({ email, password: 'secret' });
    return { customer, change: changeOf(customer) };
  }
  return { ...upstreams, collector, service, newChange };
}

t.test('traces a push from its arrival to the check, in the trace of its sender', async (t) => {
  const { collector, service, newChange } = await setUp(t);
  const { customer, change } = await newChange();
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  t.equal((await sendPush(service.push, change, { headers })).status, 204);
  await service.close();

  const { spans, services, requests } = collector;
  t.ok(
    requests.every(
      ({ url, headers }) => url === '/v1/traces' && headers['content-type'] === 'application/json',
    ),
  );
  t.strictSame([...services], ['customer-sync']);
  t.ok(spans.every((span) => span.traceId === traceId));
  const push = spans.find(({ name }) => name === 'push');
  const handle = spans.find(({ name }) => name === 'handle');
  const parents = Object.fromEntries(spans.map(({ name, parentSpanId }) => [name, parentSpanId]));
  t.strictSame(parents, {
    push: 'b7ad6b7169203331',
    wait: push?.spanId,
    handle: push?.spanId,
    read: handle?.spanId,
    'look-up': handle?.spanId,
    write: handle?.spanId,
    check: handle?.spanId,
  });
  t.strictSame(push?.attributes, {
    'customer_sync.event': `customer/${customer.id}@${customer.version}`,
    'customer_sync.route': 'commercetools.connect.customer.upsert',
    'customer_sync.outcome': 'done',
    'customer_sync.reason': 'created',
  });
  for (const { name, startTimeUnixNano, endTimeUnixNano } of spans) {
    t.ok(startTimeUnixNano <= endTimeUnixNano, `${name} ends after it begins`);
    // The clock for the start of spans and the clock for their duration agree to the millisecond.
    t.ok(startTimeUnixNano >= (push?.startTimeUnixNano ?? Number.NaN) - 2e6, `${name} begins after the push`);
  }
  t.notMatch(requests.map(({ text }) => text).join(), /@example\.com/);
});

t.test('records which step failed, and why', async (t) => {
  const { collector, service, newChange, fluent } = await setUp(t);
  fluent.faults.on({ kind: 'permission' });
  t.equal((await sendPush(service.push, (await newChange()).change)).status, 503);
  await service.close();
  const failed = collector.spans.filter(({ status }) => status.code === 2);
  t.strictSame(failed.map(({ name }) => name).sort(), ['handle', 'look-up', 'push']);
  for (const { name, attributes } of failed)
    t.equal(attributes['customer_sync.reason'], 'permission-missing', name);
});

t.test('links a push to the one whose run handled it', async (t) => {
  const { collector, service, newChange, fluent } = await setUp(t);
  const release = fluent.faults.hold();
  const { change } = await newChange();
  // The first is in flight when the others come, which are coalesced into one more run.
  const answers = [change, change, change].map((push) => sendPush(service.push, push));
  t.ok(await until(() => service.pendingEvents() === 3));
  release();
  t.strictSame(
    (await Promise.all(answers)).map(({ status }) => status),
    [204, 204, 204],
  );
  await service.close();
  const waits = collector.spans.filter(({ name }) => name === 'wait');
  t.equal(waits.length, 3);
  t.equal(collector.spans.filter(({ name }) => name === 'handle').length, 2);
  const shared = waits.filter(({ attributes }) => attributes['customer_sync.shared'] === true);
  t.equal(shared.length, 1);
  const server = collector.spans.find(({ spanId }) => spanId === shared[0]?.links[0]?.spanId);
  t.equal(server?.name, 'push');
});

t.test('does not trace a push whose sender disables tracing', async (t) => {
  const { collector, service, newChange } = await setUp(t);
  const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' };
  t.equal((await sendPush(service.push, (await newChange()).change, { headers })).status, 204);
  await service.close();
  t.strictSame(collector.spans, []);
});

t.test('answers pushes and closes although the collector is down', async (t) => {
  const { service, newChange } = await setUp(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  t.equal((await sendPush(service.push, (await newChange()).change)).status, 204);
  await service.close();
});
