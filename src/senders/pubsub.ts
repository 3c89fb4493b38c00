import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Delivery, OpenedDelivery } from '../notification/event.ts';
import { isObject, parseBase64, parseShape } from '../notification/parse.ts';
import type { Authenticate } from './authenticate/authenticate.ts';
import { Attempt, deliveryOf, MessageId, NO_ATTRIBUTES, type PushBody, Text, Time } from './delivery.ts';
import type { Sender } from './sender.ts';
import { STATUS } from './status.ts';

/** The longest ack deadline that a push subscription can have. The service's own is ACK_DEADLINE_SECONDS. */
const TIME_LIMIT_SECONDS = 600;

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const Wrapped = z.object({
  message: z.object({
    data: z.string().nullish(),
    attributes: z.record(z.string(), z.string()).optional().catch(undefined),
    messageId: MessageId,
    message_id: MessageId,
    publishTime: Time,
    publish_time: Time,
  }),
  subscription: Text,
  deliveryAttempt: Attempt,
});

/** https://cloud.google.com/pubsub/docs/payload-unwrapping */
const Metadata = z.object({
  'x-goog-pubsub-message-id': MessageId,
  'x-goog-pubsub-publish-time': Time,
  'x-goog-pubsub-subscription-name': Text,
});

/** Without the wrapper the metadata is in the headers, if the subscription has `writeMetadata`. */
const UNWRAPPED_HEADERS = ['x-goog-pubsub-message-id', 'x-goog-pubsub-subscription-name'] as const;
const NO_DATA = Buffer.alloc(0);

/** Google Pub/Sub, and commercetools Connect, which sends in its form. A body that is not wrapped is read as the payload itself. */
export function createPubSub(authenticate: Authenticate): Sender {
  return {
    name: 'pubsub',
    timeLimitSeconds: TIME_LIMIT_SECONDS,
    statuses: STATUS.pubsub,
    ownHeaders: UNWRAPPED_HEADERS.map((name) => ({ name })),
    hasForm: isWrapped,
    authenticate,
    open: (headers, body) => [openPubSub(headers, body)],
  };
}

/** Opens the body of a push, wrapped or not, whatever its content type. Throws a Rejection (`undecodable`). */
export function openPubSub(headers: IncomingHttpHeaders, body: PushBody): OpenedDelivery {
  if (isUnwrapped(headers)) return unwrapped(headers, body.bytes);
  const parsed = body.json();
  return isWrapped(parsed) ? wrapped(parsed) : { attributes: NO_ATTRIBUTES, data: body.bytes, parsed };
}

function isUnwrapped(headers: IncomingHttpHeaders): boolean {
  return UNWRAPPED_HEADERS.some((name) => headers[name] !== undefined);
}

function isWrapped(body: unknown): boolean {
  if (!isObject(body) || !isObject(body.message)) return false;
  const { data, attributes, messageId, message_id } = body.message;
  return [data, attributes, messageId, message_id].some((field) => field !== undefined);
}

function wrapped(body: unknown): Delivery {
  const { message, subscription, deliveryAttempt } = parseShape(Wrapped, body, 'push');
  return deliveryOf(
    message.data ? parseBase64(message.data, 'push.message.data') : NO_DATA,
    message.attributes ?? NO_ATTRIBUTES,
    {
      messageId: message.messageId ?? message.message_id,
      publishTime: message.publishTime ?? message.publish_time,
      subscription,
      attempt: deliveryAttempt,
    },
  );
}

function unwrapped(headers: IncomingHttpHeaders, body: Buffer): Delivery {
  const metadata = parseShape(Metadata, headers, 'headers');
  // The attributes are sent as plain headers. They cannot be told apart from headers that a proxy added, so none is read.
  return deliveryOf(body, NO_ATTRIBUTES, {
    messageId: metadata['x-goog-pubsub-message-id'],
    publishTime: metadata['x-goog-pubsub-publish-time'],
    subscription: metadata['x-goog-pubsub-subscription-name'],
    attempt: undefined,
  });
}
