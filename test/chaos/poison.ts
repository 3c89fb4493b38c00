import { randomUUID } from 'node:crypto';

/** A message that is always rejected, and the reason that its dead letter must have. */
export interface Poison {
  readonly data: string;
  readonly reason: string;
  /** An attribute that identifies the message; its dead letter has it too. */
  readonly mark: string;
}

/** Creates `times` messages of each kind. They contain personal data where possible, which no log line may contain. */
export function poisons(projectKey: string, times: number): Poison[] {
  return Array.from({ length: times }, () => kinds(projectKey))
    .flat()
    .map(([reason, data], index) => ({ reason, data, mark: `poison-${index}` }));
}

/** Messages that are acknowledged without any effect: a test notification, a missing customer, events that no route matches. */
export function harmless(projectKey: string): string[] {
  const id = randomUUID();
  const resourceUserProvidedIdentifiers = {
    key: `k-${id}`,
    customerNumber: `n-${id}`,
    externalId: `x-${id}`,
  };
  return [
    { notificationType: 'ResourceCreated', projectKey, resource: { typeId: 'subscription', id }, version: 1 },
    { notificationType: 'ResourceUpdated', projectKey, resource: { typeId: 'order', id }, version: 4 },
    {
      notificationType: 'ResourceUpdated',
      projectKey,
      resource: { typeId: 'customer', id },
      resourceUserProvidedIdentifiers,
      version: 4,
    },
    { notificationType: 'Event', type: 'ImportContainerCreated', id, note: 'pii-note' },
  ].map((payload) => JSON.stringify(payload));
}

function kinds(projectKey: string): [reason: string, data: string][] {
  const id = randomUUID();
  const change = {
    notificationType: 'ResourceUpdated',
    projectKey,
    resource: { typeId: 'customer', id },
    version: 3,
    resourceUserProvidedIdentifiers: { key: 'pii-key' },
  };
  const injected = { ...change, resource: { typeId: 'customer', id: '") or email = "pii@example.com' } };
  const contradiction = {
    specversion: '1.0',
    id,
    source: `/${projectKey}/customers`,
    type: 'com.commercetools.customer.change.ResourceDeleted',
    subject: id,
    data: change,
  };
  return [
    ['undecodable', `{"notificationType": "ResourceUpdated", "email": "pii@example.com" `],
    ['undecodable', JSON.stringify(injected)],
    ['undecodable', JSON.stringify({ ...change, version: 'pii' })],
    ['no-account', JSON.stringify({ ...change, projectKey: 'somebody-elses' })],
    ['contradiction', JSON.stringify(contradiction)],
    ['no-data', ''],
  ];
}
