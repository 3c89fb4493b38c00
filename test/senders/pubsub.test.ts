import t from 'tap';
import { Rejection } from '../../src/outcome.ts';
import { PushBody } from '../../src/senders/delivery.ts';
import { openPubSub } from '../../src/senders/pubsub.ts';

const PAYLOAD = '{"notificationType":"Event"}';
const BASE64 = Buffer.from(PAYLOAD).toString('base64');
const TIME = '2026-03-02T09:15:00.912Z';
const BOM = '\uFEFF';

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

t.test('unwraps a push', async (t) => {
  const cases = [
    {
      name: 'wrapped with data only',
      body: json({ message: { data: BASE64 } }),
      expected: { data: PAYLOAD, attributes: {} },
    },
    {
      name: 'wrapped with everything',
      body: json({
        deliveryAttempt: 5,
        message: {
          attributes: { k: 'v' },
          data: BASE64,
          messageId: '1',
          message_id: '1',
          orderingKey: 'o',
          publishTime: TIME,
          publish_time: TIME,
          added: 'later',
        },
        subscription: 'projects/p/subscriptions/s',
        added: 'later',
      }),
      expected: {
        data: PAYLOAD,
        attributes: { k: 'v' },
        messageId: '1',
        publishTime: TIME,
        subscription: 'projects/p/subscriptions/s',
        attempt: 5,
      },
    },
    {
      name: 'wrapped in snake case',
      body: json({ message: { data: BASE64, message_id: '2', publish_time: TIME } }),
      expected: { data: PAYLOAD, attributes: {}, messageId: '2', publishTime: TIME },
    },
    {
      name: 'wrapped with a byte order mark',
      body: Buffer.from(BOM + JSON.stringify({ message: { data: BASE64 } })),
      expected: { data: PAYLOAD, attributes: {} },
    },
    {
      name: 'wrapped with unpadded base64 in the URL-safe alphabet',
      body: json({ message: { data: Buffer.from('"\u00ff\u00fe?>~"').toString('base64url') } }),
      expected: { data: '"\u00ff\u00fe?>~"', attributes: {} },
    },
    {
      name: 'wrapped with invalid metadata, which is left out',
      body: json({
        message: { data: BASE64, messageId: 7, publishTime: 'yesterday', attributes: { k: 1 } },
        subscription: [],
        deliveryAttempt: 'five',
      }),
      expected: { data: PAYLOAD, attributes: {} },
    },
    {
      name: 'wrapped with attributes only',
      body: json({ message: { attributes: { k: 'v' }, messageId: '3' } }),
      expected: { data: '', attributes: { k: 'v' }, messageId: '3' },
    },
    {
      name: 'unwrapped with headers',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-goog-pubsub-message-id': '4',
        'x-goog-pubsub-publish-time': TIME,
        'x-goog-pubsub-subscription-name': 'projects/p/subscriptions/s',
        'x-forwarded-for': '127.0.0.1',
      },
      body: Buffer.from(PAYLOAD),
      expected: {
        data: PAYLOAD,
        attributes: {},
        messageId: '4',
        publishTime: TIME,
        subscription: 'projects/p/subscriptions/s',
      },
    },
    {
      name: 'unwrapped with the message id only, in a body that is not JSON',
      headers: { 'x-goog-pubsub-message-id': '5' },
      body: Buffer.from('not JSON'),
      expected: { data: 'not JSON', attributes: {}, messageId: '5' },
    },
    {
      name: 'unwrapped with the subscription name only, although the payload looks wrapped',
      headers: { 'x-goog-pubsub-subscription-name': 's' },
      body: json({ message: { data: 'x' } }),
      expected: { data: '{"message":{"data":"x"}}', attributes: {}, subscription: 's' },
    },
  ];
  for (const { name, headers = {}, body, expected } of cases) {
    const opened = openPubSub(headers, new PushBody(body));
    t.strictSame({ ...opened, data: opened.data.toString() }, expected, name);
  }
});

t.test('passes on the parsed payload without wrapper and header', async (t) => {
  const body = Buffer.from(PAYLOAD);
  const opened = openPubSub({}, new PushBody(body));
  t.strictSame(opened.parsed, { notificationType: 'Event' });
  t.equal(opened.data, body, 'and does not copy the body');
});

t.test('does not copy an unwrapped body', async (t) => {
  const body = Buffer.from(PAYLOAD);
  t.equal(openPubSub({ 'x-goog-pubsub-message-id': '1' }, new PushBody(body)).data, body);
});

t.test('rejects an invalid envelope, without quoting it', async (t) => {
  const cases = [
    { name: 'empty', body: Buffer.alloc(0), at: /^push: expected JSON/ },
    { name: 'not JSON', body: Buffer.from('secret'), at: /^push: expected JSON/ },
    { name: 'cut off', body: Buffer.from('{"message":{"data":"secret'), at: /^push: expected JSON/ },
    { name: 'not UTF-8', body: Buffer.from([0x22, 0xff, 0x22]), at: /^push: expected JSON in UTF-8/ },
    { name: 'an encoded surrogate', body: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), at: /UTF-8/ },
    {
      name: 'data that is not a string',
      body: json({ message: { data: 7 } }),
      at: /^push\.message\.data: .*string/,
    },
    ...['sec ret', 'secret!', 'secre', 's=cr', 's', '====', 'secr=et0', 'secret\u{1F600}', 'secret==='].map(
      (data) => ({
        name: `base64 ${data}`,
        body: json({ message: { data } }),
        at: /^push\.message\.data: .*base64/,
      }),
    ),
  ];
  for (const { name, body, at } of cases) {
    try {
      openPubSub({}, new PushBody(body));
      t.fail(`${name}: expected a Rejection`);
    } catch (error) {
      t.type(error, Rejection, name);
      if (!(error instanceof Rejection)) continue;
      t.equal(error.reason, 'undecodable', name);
      t.match(error.message, at, name);
      t.notMatch(error.message, /secre?t?/, name);
    }
  }
});
