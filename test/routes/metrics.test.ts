import t from 'tap';
import { changeOf, connect, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { until } from '../sandbox/until.ts';

const upstreams = await startUpstreams(t);
const { commercetools, fluent } = upstreams;
const TOKEN = 'the-metrics-token-0123';
let customers = 0;

async function newChange(): Promise<object> {
  customers += 1;
  const customer = await commercetools.createCustomer({
    email: `metrics-${customers}@example.com`,
    password: 'secret',
  });
  return { ...changeOf(customer), modifiedAt: new Date(Date.now() - 2_000).toISOString() };
}

async function scrape(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The value of the only series in the text with this name, or undefined. */
function sampleOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

t.test('counts a push from its arrival to both upstreams', async (t) => {
  const service = await connect(t, upstreams);
  t.equal((await sendPush(service.push, await newChange())).status, 204);
  t.equal((await sendPush(service.push, 'not JSON')).status, 422);

  const answer = await fetch(`${service.url}/metrics`);
  t.equal(answer.status, 200);
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  const route = 'route="commercetools.connect.customer.upsert"';
  const reading = 'upstream="commercetools sandbox-project"';
  const writing = 'upstream="Fluent SANDBOX"';
  const expected = {
    'customer_sync_pushes_total{status="204"}': 1,
    'customer_sync_pushes_total{status="422"}': 1,
    [`customer_sync_events_total{${route},outcome="done",reason="created"}`]: 1,
    customer_sync_push_duration_seconds_count: 2,
    customer_sync_queue_wait_duration_seconds_count: 1,
    customer_sync_handling_duration_seconds_count: 1,
    'customer_sync_event_lag_seconds_bucket{le="1"}': 0,
    'customer_sync_event_lag_seconds_bucket{le="10"}': 1,
    [`customer_sync_upstream_requests_total{${reading},operation="token",result="ok"}`]: 1,
    [`customer_sync_upstream_requests_total{${reading},operation="read",result="ok"}`]: 1,
    [`customer_sync_upstream_requests_total{${reading},operation="check",result="ok"}`]: 1,
    [`customer_sync_upstream_requests_total{${writing},operation="look-up",result="ok"}`]: 1,
    [`customer_sync_upstream_requests_total{${writing},operation="write",result="ok"}`]: 1,
    [`customer_sync_upstream_request_duration_seconds_count{${writing},operation="write"}`]: 1,
    [`customer_sync_upstream_batch_customers_sum{${writing},operation="write"}`]: 1,
    [`customer_sync_upstream_requests_limit{${writing}}`]: 10,
    [`customer_sync_upstream_requests_in_flight{${writing}}`]: 0,
    [`customer_sync_circuit_state{${writing},state="closed"}`]: 1,
    [`customer_sync_circuit_state{${writing},state="open"}`]: 0,
    [`customer_sync_token_renewals_total{${writing},result="ok"}`]: 1,
    customer_sync_ready: 1,
    customer_sync_queue_events: 0,
    customer_sync_queue_limit_events: 1_000,
  };
  const found = Object.fromEntries(Object.keys(expected).map((series) => [series, sampleOf(text, series)]));
  t.strictSame(found, expected);
  t.ok((sampleOf(text, 'process_cpu_seconds_total') ?? 0) > 0, 'and the process');
  t.notMatch(text, /@example\.com/);
});

t.test('counts only the fields that a write blanks, by name', async (t) => {
  const service = await connect(t, upstreams);
  const customer = await commercetools.createCustomer({
    email: 'blank@example.com',
    firstName: 'Amba',
    lastName: 'Birkvale',
    vatId: 'DE1',
    password: 'secret',
  });
  t.equal((await sendPush(service.push, changeOf(customer))).status, 204);
  const actions = [{ action: 'setFirstName' }, { action: 'setVatId' }] as const;
  const changed = await commercetools.updateCustomer(customer.id, actions);
  const change = changeOf(changed);
  t.same(
    await Promise.all([sendPush(service.push, change), sendPush(service.push, change)]).then((all) =>
      all.map(({ status }) => status),
    ),
    [204, 204],
  );
  const text = await scrape(service.url);
  const counted = text.split('\n').filter((line) => line.startsWith('customer_sync_blanked_fields_total'));
  t.strictSame(counted.sort(), [
    'customer_sync_blanked_fields_total{field="attributes.vatId"} 1',
    'customer_sync_blanked_fields_total{field="firstName"} 1',
  ]);
});

t.test('shows the waiting events and those in flight', async (t) => {
  const service = await connect(t, upstreams);
  const release = fluent.faults.hold();
  t.teardown(release);
  const change = await newChange();
  const answers = Promise.all([change, change, change].map((push) => sendPush(service.push, push)));
  t.ok(
    await until(async () => sampleOf(await scrape(service.url), 'customer_sync_queue_waiting_events') === 2),
    'two wait',
  );
  const text = await scrape(service.url);
  t.equal(sampleOf(text, 'customer_sync_queue_events'), 3);
  t.equal(sampleOf(text, 'customer_sync_queue_runs'), 1);
  release();
  await answers;
});

t.test('shows an upstream that fails: results, circuit and readiness', async (t) => {
  const service = await connect(t, upstreams);
  fluent.faults.on({ kind: 'status', status: 500, only: 'query' });
  t.teardown(() => fluent.faults.off());
  for (let push = 0; push < 4; push += 1) await sendPush(service.push, await newChange());
  const text = await scrape(service.url);
  const writing = 'upstream="Fluent SANDBOX"';
  t.ok(
    (sampleOf(
      text,
      `customer_sync_upstream_requests_total{${writing},operation="look-up",result="transient"}`,
    ) ?? 0) >= 10,
  );
  t.equal(sampleOf(text, `customer_sync_circuit_state{${writing},state="open"}`), 1);
  t.equal(sampleOf(text, `customer_sync_circuit_changes_total{${writing},state="open"}`), 1);
  t.equal(sampleOf(text, 'customer_sync_ready'), 1);

  await service.drain();
  t.ok(await until(async () => sampleOf(await scrape(service.url), 'customer_sync_ready') === 0));
});

t.test('counts tokens that are refused', async (t) => {
  const service = await connect(t, upstreams);
  fluent.faults.on({ kind: 'wrong-credentials' });
  t.teardown(() => fluent.faults.off());
  t.equal((await sendPush(service.push, await newChange())).status, 503);
  const text = await scrape(service.url);
  t.equal(sampleOf(text, 'customer_sync_token_renewals_total{upstream="Fluent SANDBOX",result="failed"}'), 1);
  t.equal(sampleOf(text, 'customer_sync_ready'), 0);
});

t.test('returns the same text to all requests within a second', async (t) => {
  const service = await connect(t, upstreams);
  const shared = async () => {
    const [one, other] = [await scrape(service.url), await scrape(service.url)];
    return one === other;
  };
  t.ok(await until(shared));
  const first = await scrape(service.url);
  t.ok(await until(async () => (await scrape(service.url)) !== first), 'and then a new one');
});

const callers = [
  { name: 'no credentials', headers: {}, status: 401, reason: 'no-credentials' },
  {
    name: 'another token',
    headers: { authorization: 'Bearer another-token-0123' },
    status: 401,
    reason: 'wrong-token',
  },
  { name: 'the token without Bearer', headers: { authorization: TOKEN }, status: 401, reason: 'wrong-token' },
  { name: 'the token', headers: { authorization: `Bearer ${TOKEN}` }, status: 200, reason: undefined },
];

t.test('with METRICS_TOKEN requires the bearer token, for the connector too', async (t) => {
  const service = await connect(t, upstreams, { METRICS_TOKEN: TOKEN });
  for (const path of ['/metrics', '/connector'])
    for (const { name, headers, status, reason } of callers) {
      const answer = await fetch(`${service.url}${path}`, { headers });
      const body = await answer.text();
      t.equal(answer.status, status, `${path}: ${name}`);
      if (reason === undefined) continue;
      t.match(JSON.parse(body), { reason, detail: /METRICS_TOKEN/ }, name);
      t.equal(answer.headers.get('www-authenticate'), 'Bearer');
      t.notMatch(body, TOKEN);
    }
  t.equal((await fetch(`${service.url}/metrics?token=${TOKEN}`)).status, 401, 'not in the address');
});

t.test('with METRICS=off counts nothing, and /metrics does not exist', async (t) => {
  const service = await connect(t, upstreams, { METRICS: 'off', DASHBOARD: 'off', METRICS_TOKEN: TOKEN });
  t.equal((await sendPush(service.push, await newChange())).status, 204);
  t.equal((await fetch(`${service.url}/metrics`)).status, 404);
  t.equal((await fetch(`${service.url}/connector`)).status, 401, 'the connector still requires the token');
});
