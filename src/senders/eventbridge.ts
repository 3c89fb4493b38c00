import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { OpenedDelivery } from '../notification/event.ts';
import { isObject, parseShape } from '../notification/parse.ts';
import type { Authenticate } from './authenticate/authenticate.ts';
import { deliveryOf, MessageId, NO_ATTRIBUTES, type PushBody, Time } from './delivery.ts';
import type { Sender } from './sender.ts';
import { STATUS } from './status.ts';

/** The time-out of an API destination, which cannot be configured. */
const TIME_LIMIT_SECONDS = 5;

/** https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html */
const Envelope = z.object({ id: MessageId, time: Time, detail: z.record(z.string(), z.unknown()) });

/** AWS EventBridge, by an API destination: the whole event, or its `detail` alone where the target has that as its `InputPath`. */
export function createEventBridge(authenticate: Authenticate): Sender {
  return {
    name: 'eventbridge',
    timeLimitSeconds: TIME_LIMIT_SECONDS,
    statuses: STATUS.eventbridge,
    ownHeaders: [{ name: 'user-agent', prefix: 'Amazon/EventBridge/' }],
    hasForm: isEnvelope,
    authenticate,
    open,
  };
}

function open(_headers: IncomingHttpHeaders, body: PushBody): readonly OpenedDelivery[] {
  const parsed = body.json();
  if (!isEnvelope(parsed)) return [{ attributes: NO_ATTRIBUTES, data: body.bytes, parsed }];
  const { id, time, detail } = parseShape(Envelope, parsed, 'push');
  const data = Buffer.from(JSON.stringify(detail));
  return [{ ...deliveryOf(data, NO_ATTRIBUTES, { messageId: id, publishTime: time }), parsed: detail }];
}

/** True for a whole event. No notification has a field `detail`; `detail-type` is not checked. */
function isEnvelope(body: unknown): boolean {
  return isObject(body) && isObject(body['detail']) && body['notificationType'] === undefined;
}
