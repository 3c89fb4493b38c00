import t from 'tap';
import { decode, isSubscriptionTest } from '../../src/notification/decode.ts';
import type { OpenedDelivery } from '../../src/notification/event.ts';
import { Rejection } from '../../src/outcome.ts';

const resource = { typeId: 'customer', id: 'c-1' };
const updated = { notificationType: 'ResourceUpdated', projectKey: 'demo', resource, version: 3 };
const message = { notificationType: 'Message', projectKey: 'demo', resource, type: 'CustomerEmailChanged' };

function delivery(payload: unknown, messageId = 'm-1'): OpenedDelivery {
  const data = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { data, attributes: {}, messageId };
}

function cloudEvent(
  type: string,
  data: unknown,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: 'e-1',
    source: '/demo/customers',
    type: `com.commercetools.${type}`,
    data,
    ...more,
  };
}

function rejection(payload: unknown): Rejection {
  try {
    decode(delivery(payload));
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
  throw new Error('Expected a Rejection, got an event.');
}

t.test('decodes irregular but known forms', async (t) => {
  const base64 = Buffer.from(JSON.stringify(updated)).toString('base64');
  const cases = [
    { name: 'a byte order mark', input: `\uFEFF${JSON.stringify(updated)}`, expected: { version: 3 } },
    { name: 'no projectKey', input: { ...updated, projectKey: null }, expected: { projectKey: undefined } },
    {
      name: 'no identifiers',
      input: { ...updated, resourceUserProvidedIdentifiers: null },
      expected: { resource: { identifiers: {} } },
    },
    {
      name: 'long identifiers in any script, unchanged',
      input: {
        ...updated,
        resourceUserProvidedIdentifiers: { key: 'ß'.repeat(300), externalId: '"x"', more: { a: 1 } },
      },
      expected: { resource: { identifiers: { key: 'ß'.repeat(300), externalId: '"x"' } } },
    },
    {
      name: 'an invalid time',
      input: { ...updated, modifiedAt: '2026-02-30T00:00:00Z' },
      expected: { occurredAt: undefined },
    },
    {
      name: 'a Message without resourceVersion',
      input: { ...message, version: 1, sequenceNumber: 2 },
      expected: { version: undefined, identity: 'customer/c-1#2' },
    },
    {
      name: 'a Message without sequenceNumber',
      input: { ...message, id: 'm-7' },
      expected: { identity: 'Message/m-7' },
    },
    { name: 'a Message without any identity', input: message, expected: { identity: 'm-1' } },
    {
      name: 'an unknown kind with nothing else',
      input: { notificationType: 'Later' },
      expected: { kind: 'Later', identity: 'm-1', resource: undefined },
    },
    {
      name: 'an unknown kind of another shape',
      input: {
        notificationType: 'Later',
        id: 'l 1',
        resource: [1],
        version: 'x',
        type: 7,
        projectKey: 'no such key',
        createdAt: 4,
      },
      expected: {
        kind: 'Later',
        identity: 'm-1',
        resource: undefined,
        version: undefined,
        type: undefined,
        projectKey: undefined,
      },
    },
    {
      name: 'an unknown kind of a known shape',
      input: { ...updated, notificationType: 'Later', id: 'l-1' },
      expected: { kind: 'Later', identity: 'Later/l-1', resource, version: 3, deletion: false },
    },
    {
      name: 'a CloudEvent whose data names no kind',
      input: cloudEvent('customer.change.ResourceDeleted', { ...updated, notificationType: undefined }),
      expected: { kind: 'ResourceDeleted', deletion: true },
    },
    {
      name: 'a CloudEvent whose data names neither kind nor type',
      input: cloudEvent('customer.message.CustomerDeleted', { resource }),
      expected: { kind: 'Message', type: 'CustomerDeleted', projectKey: 'demo', deletion: true },
    },
    {
      name: 'a CloudEvent in base64',
      input: cloudEvent('customer.change.ResourceUpdated', undefined, { data_base64: base64 }),
      expected: { version: 3 },
    },
    {
      name: 'a CloudEvent with its data as a string',
      input: cloudEvent('customer.change.ResourceUpdated', JSON.stringify(updated)),
      expected: { version: 3 },
    },
    {
      name: 'a CloudEvent whose data has no time',
      input: cloudEvent('customer.change.ResourceUpdated', updated, { time: '2026-03-02T09:15:00Z' }),
      expected: { occurredAt: '2026-03-02T09:15:00Z' },
    },
    {
      name: 'a CloudEvent of an unknown category',
      input: cloudEvent('customer.later.Later', { a: 1 }),
      expected: { kind: 'com.commercetools.customer.later.Later', resource: undefined },
    },
    {
      name: 'a CloudEvent with another spelling of the resource type',
      input: cloudEvent('productSelection.change.ResourceUpdated', {
        ...updated,
        resource: { typeId: 'product-selection', id: 'p-1' },
      }),
      expected: { resource: { typeId: 'product-selection' } },
    },
    {
      name: 'a CloudEvent with a source of another form',
      input: cloudEvent('customer.change.ResourceUpdated', updated, { source: 'https://example.com/other/' }),
      expected: { projectKey: 'demo' },
    },
  ];
  for (const { name, input, expected } of cases) t.match(decode(delivery(input)), expected, name);
});

t.test('distinguishes the deletion of a resource from that of a part of it', async (t) => {
  const cases = [
    { typeId: 'customer', type: 'CustomerDeleted', expected: true },
    { typeId: 'customer', type: 'CustomerAddressDeleted', expected: false },
    { typeId: 'customer', type: 'Deleted', expected: false },
    { typeId: 'customer', type: 'OrderDeleted', expected: false },
    { typeId: 'customer', type: 'CustomerDeletedLater', expected: false },
    { typeId: 'product-selection', type: 'ProductSelectionDeleted', expected: true },
    { typeId: 'product-selection', type: 'ProductDeleted', expected: false },
  ];
  for (const { typeId, type, expected } of cases) {
    const event = decode(delivery({ ...message, resource: { ...resource, typeId }, type }));
    t.equal(event.deletion, expected, `${typeId} ${type}`);
  }
});

t.test('derives the same identity from the same bytes without a message id', async (t) => {
  const data = Buffer.from('{"notificationType":"Later"}');
  const once = decode({ data, attributes: {} }).identity;
  t.match(once, /^Later\/[0-9a-f]{32}$/);
  t.equal(decode({ data: Buffer.from(data), attributes: {} }).identity, once);
  t.not(decode({ data: Buffer.from('{"notificationType":"Later","a":1}'), attributes: {} }).identity, once);
});

t.test('rejects an invalid shape of a known kind, with the path and without a value', async (t) => {
  const secret = 'secret" or id != "';
  const cases = [
    { input: { ...updated, resource: undefined }, path: 'payload.resource' },
    { input: { ...updated, resource: [] }, path: 'payload.resource' },
    { input: { ...updated, resource: { typeId: 'customer' } }, path: 'payload.resource.id' },
    ...[secret, '', 'x'.repeat(65), 'a\n', '\ud800', 7, null, ['a'], 'é', 'a b', 'a%22', "a'"].map((id) => ({
      input: { ...updated, resource: { typeId: 'customer', id } },
      path: 'payload.resource.id',
    })),
    ...['Customer', secret, '', '1a', 'x'.repeat(65)].map((typeId) => ({
      input: { ...updated, resource: { typeId, id: 'a' } },
      path: 'payload.resource.typeId',
    })),
    ...[undefined, null, 0, -1, 1.5, '3', 2 ** 53, [3]].map((version) => ({
      input: { ...updated, version },
      path: 'payload.version',
    })),
    { input: JSON.stringify(updated).replace('"version":3', '"version":1e400'), path: 'payload.version' },
    { input: { ...message, resourceVersion: 'secret' }, path: 'payload.resourceVersion' },
    { input: { ...message, sequenceNumber: -1 }, path: 'payload.sequenceNumber' },
    { input: { ...message, type: 7 }, path: 'payload.type' },
    { input: { ...message, resource: 'secret' }, path: 'payload.resource' },
    { input: { ...updated, projectKey: 'secret/../x' }, path: 'payload.projectKey' },
    {
      input: { ...updated, resourceUserProvidedIdentifiers: { key: 'secret\ud800' } },
      path: 'payload.resourceUserProvidedIdentifiers.key',
    },
    { input: { ...updated, notificationType: ['secret'] }, path: 'payload.notificationType' },
    { input: { secret: 1 }, path: 'payload.notificationType' },
    { input: cloudEvent('customer.change.ResourceUpdated', undefined), path: 'payload.data' },
    { input: cloudEvent('customer.change.ResourceUpdated', ['secret']), path: 'payload.data' },
    { input: cloudEvent('customer.change.ResourceUpdated', 'secret'), path: 'payload.data' },
    { input: cloudEvent('', updated, { type: 'secret.event' }), path: 'payload.type' },
    {
      input: cloudEvent('customer.change.ResourceUpdated', updated, { specversion: '0.3' }),
      path: 'payload.specversion',
    },
    { input: ['secret'], path: 'payload' },
    { input: 'null', path: 'payload' },
    { input: '"secret"', path: 'payload' },
    { input: '{"secret', path: 'payload' },
  ];
  for (const { input, path } of cases) {
    const { reason, message: detail } = rejection(input);
    t.equal(reason, 'undecodable', detail);
    t.ok(detail.startsWith(`${path}: `), `${path}: ${detail}`);
    t.match(detail, /expected|Too (small|big)|pattern/, detail);
    t.notMatch(detail, /secret/, detail);
  }
});

t.test('rejects a CloudEvent that contradicts its data', async (t) => {
  const cases = [
    { name: 'another kind', input: cloudEvent('customer.change.ResourceDeleted', updated) },
    { name: 'another resource', input: cloudEvent('order.change.ResourceUpdated', updated) },
    { name: 'another category', input: cloudEvent('customer.message.ResourceUpdated', updated) },
    { name: 'another Message', input: cloudEvent('customer.message.CustomerCreated', message) },
    {
      name: 'a change around an older Message',
      input: cloudEvent('customer.change.ResourceUpdated', {
        ...message,
        notificationType: undefined,
        version: 1,
      }),
    },
    {
      name: 'another project',
      input: cloudEvent('customer.change.ResourceUpdated', updated, { source: '/other/customers' }),
    },
  ];
  for (const { name, input } of cases) t.equal(rejection(input).reason, 'contradiction', name);
});

t.test('rejects a push without data, which has no notification', async (t) => {
  t.equal(rejection('').reason, 'no-data');
});

t.test('treats only the creation of a subscription as a subscription test', async (t) => {
  const cases = [
    { kind: 'ResourceCreated', typeId: 'subscription', expected: true },
    { kind: 'ResourceCreated', typeId: 'customer', expected: false },
    { kind: 'ResourceUpdated', typeId: 'subscription', expected: false },
  ];
  for (const { kind, typeId, expected } of cases) {
    const event = decode(delivery({ ...updated, notificationType: kind, resource: { typeId, id: 'x' } }));
    t.equal(isSubscriptionTest(event), expected, `${kind} of ${typeId}`);
  }
});
