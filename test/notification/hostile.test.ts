import t from 'tap';
import { decode } from '../../src/notification/decode.ts';
import type { OpenedDelivery } from '../../src/notification/event.ts';
import { Rejection } from '../../src/outcome.ts';
import { PushBody } from '../../src/senders/delivery.ts';
import { openPubSub } from '../../src/senders/pubsub.ts';

function delivery(payload: string): OpenedDelivery {
  return { data: Buffer.from(payload), attributes: {}, messageId: 'm-1' };
}

t.test('keys with the names of prototypes have no effect', async (t) => {
  const hostile = `{"notificationType":"ResourceUpdated","version":3,"__proto__":{"projectKey":"evil","polluted":1},"constructor":{"prototype":{"polluted":1}},"resource":{"typeId":"customer","id":"c-1","__proto__":{"id":"evil"}},"resourceUserProvidedIdentifiers":{"__proto__":{"key":"evil"}}}`;
  const event = decode(delivery(hostile));
  t.strictSame(event, {
    identity: 'customer/c-1@3',
    kind: 'ResourceUpdated',
    deletion: false,
    resource: { typeId: 'customer', id: 'c-1', identifiers: {} },
    version: 3,
  });
  t.equal(event.projectKey, undefined);
  t.notOk('polluted' in {});
  const opened = openPubSub(
    {},
    new PushBody(Buffer.from('{"message":{"data":"e30=","attributes":{"__proto__":"evil","k":"v"}}}')),
  );
  t.equal(Object.getPrototypeOf({ ...opened.attributes }), Object.prototype);
  t.throws(() => decode(delivery('{"__proto__":{"notificationType":"Later"}}')), Rejection);
});

t.test('rejects 100,000 nested arrays in every position', async (t) => {
  const bomb = '['.repeat(100_000) + ']'.repeat(100_000);
  t.throws(() => decode(delivery(bomb)), Rejection, 'as the payload');
  t.throws(() => decode(openPubSub({}, new PushBody(Buffer.from(bomb)))), Rejection, 'as the push');
  t.throws(
    () => openPubSub({}, new PushBody(Buffer.from(`{"message":{"data":${bomb}}}`))),
    Rejection,
    'as the data',
  );
  t.throws(() => decode(delivery('['.repeat(100_000))), Rejection, 'never closed');
  t.throws(() => decode(delivery(`{"notificationType":"ResourceUpdated","resource":${bomb}}`)), Rejection);
  t.throws(() => decode(delivery(`{"notificationType":"Later","more":${bomb}}`)), Rejection);
});

t.test('decodes a message of 10 MB', async (t) => {
  const payload = JSON.stringify({
    notificationType: 'ResourceUpdated',
    resource: { typeId: 'customer', id: 'c-1' },
    version: 3,
    more: 'x'.repeat(10_000_000),
  });
  const body = Buffer.from(JSON.stringify({ message: { data: Buffer.from(payload).toString('base64') } }));
  t.match(decode(openPubSub({}, new PushBody(body))), { version: 3 });
});

t.test('bytes that are not UTF-8 are rejected within a payload', async (t) => {
  const data = Buffer.concat([
    Buffer.from('{"notificationType":"Later","a":"'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('"}'),
  ]);
  t.throws(() => decode({ data, attributes: {} }), { reason: 'undecodable', message: /UTF-8/ });
});
