import { parseArgs } from 'node:util';
import type { Customer } from '@commercetools/platform-sdk';
import { accessToken } from './sandbox/access-token.ts';
import { startCommercetools } from './sandbox/commercetools.ts';
import type { Payload } from './sandbox/commercetools-notifications.ts';
import { startTraffic } from './sandbox/demo-traffic.ts';
import { cloudEventOf, eventGridRequest } from './sandbox/event-grid.ts';
import { eventBridgeRequest, type SenderRequest } from './sandbox/eventbridge.ts';
import { type FluentSandbox, startFluent } from './sandbox/fluent.ts';
import { type PushResponse, sendPush } from './sandbox/push.ts';
import { environmentFor, startService } from './sandbox/service.ts';
import { startSns } from './sandbox/sns.ts';

// The service with both stand-ins, all on loopback: no installation and no configuration.
const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    port: { type: 'string', default: '8080' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run demo -- [--once] [--port 8080]\n\n  --once  ends after the example instead of staying up',
  );
  process.exit(0);
}

const notifications: Payload[] = [];
let deliver = async (notification: Payload): Promise<void> => {
  notifications.push(notification);
};
const commercetools = await startCommercetools({
  projectKeys: ['demo'],
  onNotification: (notification) => void deliver(notification),
});
const fluent = await startFluent();
const service = await startService({
  ...environmentFor(commercetools, fluent),
  PORT: values.once ? '0' : values.port,
}).catch(async (error: unknown) => {
  await Promise.all([commercetools.close(), fluent.close()]);
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    console.error(`Port ${values.port} is taken; choose another: npm run demo -- --port 8081`);
    process.exit(1);
  }
  throw error;
});

console.log(`The service listens at ${service.url}, between stand-ins for commercetools and Fluent.`);
console.log(`${values.once ? '' : `Its page, live: ${service.url}/\n`}`);

const created = await commercetools.createCustomer({
  email: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Example',
  customerNumber: '1001',
  addresses: [{ key: 'home', country: 'NL', phone: '+31 20 555 0100' }],
  defaultShippingAddress: 0,
});
await show('1. A customer is created in commercetools', created.id);
await commercetools.updateCustomer(created.id, [{ action: 'changeEmail', email: 'ada.new@example.com' }]);
await show('2. Its e-mail address is changed', created.id);
await show('3. Pub/Sub delivers the same notification again', created.id, true);

const sns = await startSns();
const others: [name: string, firstName: string, request: (notification: Payload) => SenderRequest][] = [
  ['AWS EventBridge', 'Augusta', eventBridgeRequest],
  ['AWS SNS', 'Ada', sns.notification],
  ['Azure Event Grid', 'Augusta Ada', (notification) => eventGridRequest([cloudEventOf(notification)])],
];
for (const [index, [name, firstName, request]] of others.entries()) {
  await commercetools.updateCustomer(created.id, [{ action: 'setFirstName', firstName }]);
  const answer = await fetch(service.push, request(last(notifications)));
  console.log(
    `${index + 4}. The first name is set, and ${name} pushes it in its own form: ${answer.status}, ${lastOutcome()}; ` +
      `Fluent holds ${fluent.customers.get(created.id)?.firstName}`,
  );
  if (answer.status !== 204) throw new Error(`Expected 204, got ${answer.status}.`);
}
await sns.close();

if (values.once) {
  await service.close();
  await Promise.all([commercetools.close(), fluent.close()]);
} else {
  await stayUp(created);
}

/** Pushes the last notification, and prints what arrived, what was sent, and the customer in Fluent. */
async function show(title: string, id: string, again = false): Promise<void> {
  const notification = last(notifications);
  const reads = commercetools.requests.query + commercetools.requests['by-id'];
  const looks = fluent.requests.query.requests;
  const writes = fluent.requests.mutation.requests;
  const answer = await sendPush(service.push, notification);
  console.log(`${title}${again ? '' : ', and Pub/Sub pushes the notification'}\n`);
  console.log(
    `   arrived   ${notification.notificationType}, version ${notification['version']}, of customer ${id}`,
  );
  console.log(`   answered  ${answer.status} after ${Math.round(answer.milliseconds)} ms: ${lastOutcome()}`);
  console.log(
    `   calls     ${commercetools.requests.query + commercetools.requests['by-id'] - reads} read(s) of commercetools, ` +
      `${fluent.requests.query.requests - looks} look-up(s) and ${fluent.requests.mutation.requests - writes} write(s) in Fluent\n`,
  );
  if (answer.status !== 204) throw new Error(`Expected 204, got ${answer.status}.`);
  if (!again) console.log(table(commercetools.customer(id), fluent, id));
}

function last(all: readonly Payload[]): Payload {
  const notification = all.at(-1);
  if (!notification) throw new Error('Expected a notification from the stand-in, got none.');
  return notification;
}

function lastOutcome(): string {
  const line = service.lines.findLast(({ outcome }) => outcome !== undefined);
  return `${line?.['outcome']} (${line?.['reason']})`;
}

function table(customer: Customer | undefined, { customers, requests }: FluentSandbox, id: string): string {
  const held = customers.get(id);
  const sent = requests.sent.findLast(({ kind }) => kind === 'mutation')?.variables?.['i0'];
  const sentFields = new Map<string, unknown>(Object.entries(sent ?? {}));
  const attributes = new Map(held?.attributes.map(({ name, value }) => [name, value]));
  const rows = [
    ['Fluent field', 'in commercetools', 'sent', 'now in Fluent'],
    ['username', customer?.id, sentFields.get('username'), held?.username],
    ['firstName', customer?.firstName, sentFields.get('firstName'), held?.firstName],
    ['lastName', customer?.lastName, sentFields.get('lastName'), held?.lastName],
    ['primaryEmail', customer?.email, sentFields.get('primaryEmail'), held?.primaryEmail],
    ['primaryPhone', customer?.addresses[0]?.phone, sentFields.get('primaryPhone'), held?.primaryPhone],
    ['country', customer?.addresses[0]?.country, sentFields.get('country'), held?.country],
    ['promotionOptIn', '', sentFields.get('promotionOptIn') ?? '', held?.promotionOptIn],
    ['customerNumber', customer?.customerNumber, '(attribute)', attributes.get('customerNumber')],
    ['commercetoolsVersion', customer?.version, '(attribute)', attributes.get('commercetoolsVersion')],
  ].map((row) => row.map((cell) => String(cell ?? '')));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    `   ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  lines.splice(1, 0, `   ${widths.map((width) => '─'.repeat(width)).join('  ')}`);
  return `${lines.join('\n')}\n`;
}

async function stayUp(customer: Customer): Promise<void> {
  const traffic = await startTraffic({ commercetools, push: service.push });
  // From now on each change is pushed automatically; only Ada's are printed.
  deliver = async (notification) => {
    if (!JSON.stringify(notification['resource'])?.includes(customer.id))
      return traffic.deliver(notification);
    const answer: PushResponse = await sendPush(service.push, notification);
    const held = fluent.customers.get(customer.id);
    console.log(
      `pushed ${notification.notificationType} version ${notification['version']} → ${answer.status}, ${lastOutcome()}; ` +
        `Fluent holds ${held?.firstName} ${held?.lastName}, ${held?.primaryEmail}`,
    );
  };
  const token = await accessToken(commercetools);
  const version = commercetools.customer(customer.id)?.version;
  console.log(`It stays up now, with a change every second or so, and the page shows it: ${service.url}/
Ctrl-C ends it. To try, from another terminal in this folder:

   # change the customer in commercetools, and see it arrive
   curl -s -o /dev/null -w '%{http_code}\\n' ${commercetools.url}/demo/customers/${customer.id} \\
     -H 'authorization: Bearer ${token}' -H 'content-type: application/json' \\
     -d '{"version": ${version}, "actions": [{"action": "setFirstName", "firstName": "Augusta"}]}'

   # send a push of your own: test/fixtures has one for every kind
   curl -i -H 'content-type: application/json' --data @test/fixtures/customer-updated.json ${service.push}
   curl -i -H 'content-type: application/json' --data @test/fixtures/undecodable.json ${service.push}

   # look inside
   curl -s ${service.url}/connector
   curl -s ${service.url}/health/ready
`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, async () => {
      await traffic.stop();
      // A push in flight would keep its connection open, and the demo could not end.
      await service.drain();
      await service.close();
      await Promise.all([commercetools.close(), fluent.close()]);
      process.exit(0);
    });
}
