import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { decode, isSubscriptionTest } from '../../src/notification/decode.ts';
import type { Event } from '../../src/notification/event.ts';
import { createLog } from '../../src/observe/log.ts';
import { outcomeOf } from '../../src/outcome.ts';
import { openPush } from '../../src/senders/senders.ts';
import { STATUS } from '../../src/senders/status.ts';

const FOLDER = new URL('../fixtures/', import.meta.url);
const ID = '5d0c3f0a-6f7b-4c63-9d8e-1b2a4c6e8f01';
const AT = '2026-03-02T09:15:00.384Z';
const named = { key: 'c-1001', customerNumber: '1001' };

function change(kind: string, version: number): Event {
  return {
    identity: `customer/${ID}@${version}`,
    kind,
    deletion: false,
    projectKey: 'demo',
    resource: { typeId: 'customer', id: ID, identifiers: named },
    version,
    occurredAt: AT,
  };
}

function message(type: string, sequenceNumber: number, version: number): Event {
  return {
    ...change('Message', version),
    identity: `customer/${ID}#${sequenceNumber}`,
    type,
    resource: { typeId: 'customer', id: ID, identifiers: { key: 'c-1001' } },
  };
}

/** The event or events in a fixture, or the reason of its rejection. */
type Found = Event | readonly Event[] | string;

const EVENTS: Record<string, Found> = {
  'wrapped-minimal': change('ResourceUpdated', 3),
  'wrapped-full': change('ResourceUpdated', 3),
  'customer-created': change('ResourceCreated', 1),
  'customer-updated': change('ResourceUpdated', 5),
  'customer-deleted': { ...change('ResourceDeleted', 9), deletion: true },
  'message-customer-email-changed': message('CustomerEmailChanged', 3, 5),
  'message-payload-not-included': message('CustomerCreated', 1, 1),
  'message-without-notification-type': message('CustomerAddressAdded', 4, 6),
  'message-customer-deleted': { ...message('CustomerDeleted', 7, 9), deletion: true },
  'event-import-container-created': {
    identity: 'Event/c4d5e6f7-8a9b-4c0d-9e1f-2a3b4c5d6e7f',
    kind: 'Event',
    type: 'ImportContainerCreated',
    occurredAt: AT,
    deletion: false,
  },
  'cloud-event-change': change('ResourceUpdated', 5),
  'cloud-event-message': message('CustomerEmailChanged', 3, 5),
  'cloud-event-contradiction': 'contradiction',
  'subscription-test': {
    identity: 'subscription/0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0@1',
    kind: 'ResourceCreated',
    projectKey: 'demo',
    resource: {
      typeId: 'subscription',
      id: '0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0',
      identifiers: { key: 'fluent-customer-sync' },
    },
    version: 1,
    occurredAt: AT,
    deletion: false,
  },
  'unknown-notification-type': {
    identity: '14200000000000014',
    kind: 'ResourceArchived',
    projectKey: 'demo',
    deletion: false,
  },
  'other-resource-type': {
    identity: 'order/9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d@1',
    kind: 'ResourceCreated',
    projectKey: 'demo',
    resource: { typeId: 'order', id: '9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d', identifiers: {} },
    version: 1,
    occurredAt: AT,
    deletion: false,
  },
  unwrapped: change('ResourceUpdated', 5),
  eventbridge: change('ResourceUpdated', 5),
  sns: change('ResourceUpdated', 5),
  'event-grid': change('ResourceUpdated', 5),
  'event-grid-batch': [change('ResourceCreated', 1), change('ResourceUpdated', 5)],
  undecodable: 'undecodable',
  'no-data': 'no-data',
  'id-injection': 'undecodable',
};

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

function read(name: string): Found {
  try {
    const deliveries = openPush(readFileSync(new URL(`${name}.json`, FOLDER)), createLog('silent'));
    const [first, ...others] = deliveries.map((delivery) => decode(delivery));
    return first && others.length === 0 ? first : [first, ...others].flatMap((event) => event ?? []);
  } catch (error) {
    const outcome = outcomeOf(error);
    return outcome.kind === 'rejected' ? outcome.reason : `a crash: ${String(error)}`;
  }
}

t.test('the table has every fixture', async (t) => {
  t.same(
    files,
    Object.keys(EVENTS)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

for (const [name, expected] of Object.entries(EVENTS)) {
  t.test(`decodes the fixture ${name}`, async (t) => {
    t.strictSame(read(name), expected);
  });
}

t.test('only the subscription-test fixture is a subscription test', async (t) => {
  const tests = Object.keys(EVENTS).filter((name) => {
    const event = read(name);
    return typeof event === 'object' && 'kind' in event && isSubscriptionTest(event);
  });
  t.same(tests, ['subscription-test']);
});

t.test('the README of the fixtures lists each with the answer after decoding', async (t) => {
  const readme = readFileSync(new URL('README.md', FOLDER), 'utf8');
  const listed = [...readme.matchAll(/^\| `([\w-]+)\.json` +\| .* \| (\d{3}) +\|$/gm)].map(
    ([, ...row]) => row,
  );
  const expected = Object.entries(EVENTS).map(([name, event]) => {
    return [name, String(typeof event === 'string' ? STATUS.pubsub.rejected : STATUS.pubsub.done)];
  });
  t.same(listed, expected);
});
