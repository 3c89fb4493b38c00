import { Rejection } from '../outcome.ts';
import { readCloudEvent } from './cloud-event.ts';
import type { Event, OpenedDelivery } from './event.ts';
import { isObject, parseJson } from './parse.ts';
import { readPlatform } from './platform.ts';

/**
 * Decodes a notification in Platform format or as a CloudEvent; it detects which.
 * Throws a Rejection: `no-data`, `undecodable` or `contradiction`.
 */
export function decode(delivery: OpenedDelivery): Event {
  if (delivery.data.length === 0) {
    throw new Rejection('no-data', 'message.data: expected a notification, found nothing but attributes.');
  }
  const payload = delivery.parsed === undefined ? parseJson(delivery.data, 'payload') : delivery.parsed;
  if (!isObject(payload)) {
    const found = Array.isArray(payload) ? 'an array' : payload === null ? 'null' : `a ${typeof payload}`;
    throw new Rejection('undecodable', `payload: expected an object, found ${found}.`);
  }
  // A CloudEvent in structured mode; the Platform format has no `specversion`.
  const isCloudEvent = payload.specversion !== undefined && payload.notificationType === undefined;
  return isCloudEvent ? readCloudEvent(payload, delivery) : readPlatform(payload, delivery);
}

/** True for the notification that commercetools sends to test a subscription when its destination is set or changed. */
export function isSubscriptionTest(event: Event): boolean {
  // Exactly this: any other ResourceCreated is about a real resource.
  return event.kind === 'ResourceCreated' && event.resource?.typeId === 'subscription';
}
