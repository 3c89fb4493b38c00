import { randomUUID } from 'node:crypto';
import type { SenderRequest } from './eventbridge.ts';

export interface EventGridOptions {
  /** The number of earlier attempts. */
  readonly deliveryCount?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A CloudEvent as commercetools publishes it to a custom topic. */
export function cloudEventOf(notification: object, id: string = randomUUID()): object {
  const { notificationType, type, resource, projectKey, version }: Record<string, unknown> = {
    ...notification,
  };
  const typeId = isResource(resource) ? resource.typeId : 'customer';
  const kind = notificationType === 'Message' ? `message.${type}` : `change.${notificationType}`;
  return {
    id,
    source: `/${typeof projectKey === 'string' ? projectKey : 'sandbox-project'}/${typeId}s`,
    specversion: '1.0',
    type: `com.commercetools.${typeId}.${kind}`,
    subject: isResource(resource) ? resource.id : undefined,
    time: new Date().toISOString(),
    sequence: String(version ?? 1),
    sequencetype: 'Integer',
    data: notification,
  };
}

/** Delivers one event (an object) or a batch (an array), like Event Grid to a webhook. */
export function eventGridRequest(events: object, options: EventGridOptions = {}): SenderRequest {
  const { deliveryCount = 0, headers } = options;
  const form = Array.isArray(events) ? 'cloudevents-batch' : 'cloudevents';
  return {
    method: 'POST',
    headers: {
      'content-type': `application/${form}+json; charset=utf-8`,
      'aeg-event-type': 'Notification',
      'aeg-subscription-name': 'CUSTOMERS',
      'aeg-delivery-count': String(deliveryCount),
      ...headers,
    },
    body: JSON.stringify(events),
  };
}

/** The request that validates an endpoint, in Event Grid's schema. */
export function subscriptionValidation(validationCode: unknown): SenderRequest {
  const event = {
    id: randomUUID(),
    topic: '/subscriptions/0/resourceGroups/g/providers/Microsoft.EventGrid/topics/customers',
    subject: '',
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    eventTime: new Date().toISOString(),
    metadataVersion: '1',
    dataVersion: '2',
    data: { validationCode, validationUrl: 'https://rp-westeurope.eventgrid.azure.net/validate?id=0' },
  };
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'aeg-event-type': 'SubscriptionValidation',
    },
    body: JSON.stringify([event]),
  };
}

function isResource(value: unknown): value is { readonly typeId: string; readonly id: string } {
  return typeof value === 'object' && value !== null && 'typeId' in value && 'id' in value;
}
