import { hash } from 'node:crypto';
import type { z } from 'zod';
import { Rejection } from '../outcome.ts';
import type { Delivery, Event, Resource } from './event.ts';
import { isObject, parseShape } from './parse.ts';
import { Change, type Identifiers, Message, Other, type Reference, wordOf } from './platform-shape.ts';

/** The attributes of a CloudEvent about its payload; used for values that the payload does not contain. */
export interface Hints {
  readonly kind?: string | undefined;
  readonly type?: string | undefined;
  readonly projectKey?: string | undefined;
  readonly occurredAt?: string | undefined;
}

/** Reads a payload in Platform format. Throws a Rejection (`undecodable`) if a known kind has an unknown shape. */
export function readPlatform(payload: Record<string, unknown>, delivery: Delivery, hints: Hints = {}): Event {
  const kind = kindOf(payload, hints);
  switch (kind) {
    case 'ResourceCreated':
    case 'ResourceUpdated':
    case 'ResourceDeleted':
      return readChange(kind, payload, hints);
    case 'Message':
      return readMessage(payload, delivery, hints);
    default:
      return readOther(wordOf(kind), payload, delivery, hints);
  }
}

function kindOf(payload: Record<string, unknown>, hints: Hints): string {
  const kind = payload.notificationType ?? undefined;
  if (typeof kind === 'string') return kind;
  if (kind === undefined) {
    // Older payloads have `type` and `resource` only.
    if (typeof payload.type === 'string' && isObject(payload.resource)) return 'Message';
    if (hints.kind !== undefined) return hints.kind;
  }
  throw new Rejection(
    'undecodable',
    `payload.notificationType: expected a string, found ${kind === undefined ? 'nothing' : typeof kind}; only a Message (with type and resource) or a CloudEvent may leave it out.`,
  );
}

function readChange(kind: string, payload: unknown, hints: Hints): Event {
  const change = parseShape(Change, payload, 'payload');
  const resource = resourceOf(change.resource, change.resourceUserProvidedIdentifiers);
  return eventOf({
    identity: `${resource.typeId}/${resource.id}@${change.version}`,
    kind,
    projectKey: change.projectKey ?? hints.projectKey,
    resource,
    version: change.version,
    occurredAt: change.modifiedAt ?? hints.occurredAt,
    deletion: kind === 'ResourceDeleted',
  });
}

function readMessage(payload: Record<string, unknown>, delivery: Delivery, hints: Hints): Event {
  const typed = payload.type === undefined ? { ...payload, type: hints.type } : payload;
  const message = parseShape(Message, typed, 'payload');
  const resource = resourceOf(message.resource, message.resourceUserProvidedIdentifiers);
  const sequence = message.sequenceNumber ?? undefined;
  return eventOf({
    identity:
      sequence === undefined
        ? ownIdentity('Message', message.id, delivery)
        : `${resource.typeId}/${resource.id}#${sequence}`,
    kind: 'Message',
    type: message.type,
    projectKey: message.projectKey ?? hints.projectKey,
    resource,
    version: message.resourceVersion ?? undefined,
    occurredAt: message.createdAt ?? hints.occurredAt,
    deletion: message.type.endsWith('Deleted') && message.type === `${pascalCase(resource.typeId)}Deleted`,
  });
}

function readOther(kind: string, payload: unknown, delivery: Delivery, hints: Hints): Event {
  const other = parseShape(Other, payload, 'payload');
  return eventOf({
    identity: ownIdentity(kind, other.id, delivery),
    kind,
    type: other.type ?? hints.type,
    projectKey: other.projectKey ?? hints.projectKey,
    resource: other.resource && resourceOf(other.resource, other.resourceUserProvidedIdentifiers),
    version: other.resource && other.version,
    occurredAt: other.modifiedAt ?? other.createdAt ?? hints.occurredAt,
    deletion: false,
  });
}

function ownIdentity(kind: string, id: string | undefined, delivery: Delivery): string {
  if (id !== undefined) return `${kind}/${id}`;
  // Some senders push without a message id: the same bytes are then the same event.
  return delivery.messageId ?? `${kind}/${hash('sha256', delivery.data).slice(0, 32)}`;
}

function pascalCase(typeId: string): string {
  return typeId.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function resourceOf(
  reference: z.output<typeof Reference>,
  given: z.output<typeof Identifiers> | null | undefined,
): Resource {
  const identifiers: { -readonly [Key in keyof Resource['identifiers']]: Resource['identifiers'][Key] } = {};
  if (given?.key) identifiers.key = given.key;
  if (given?.externalId) identifiers.externalId = given.externalId;
  if (given?.customerNumber) identifiers.customerNumber = given.customerNumber;
  return { typeId: reference.typeId, id: reference.id, identifiers };
}

interface Fields {
  readonly identity: string;
  readonly kind: string;
  readonly type?: string | undefined;
  readonly projectKey: string | undefined;
  readonly resource: Resource | undefined;
  readonly version: number | undefined;
  readonly occurredAt: string | undefined;
  readonly deletion: boolean;
}

function eventOf({
  identity,
  kind,
  type,
  projectKey,
  resource,
  version,
  occurredAt,
  deletion,
}: Fields): Event {
  const event: { -readonly [Key in keyof Event]: Event[Key] } = { identity, kind, deletion };
  if (type !== undefined) event.type = type;
  if (projectKey !== undefined) event.projectKey = projectKey;
  if (resource !== undefined) event.resource = resource;
  if (version !== undefined) event.version = version;
  if (occurredAt !== undefined) event.occurredAt = occurredAt;
  return event;
}
