import type { Delivery, Event } from '../notification/event.ts';

/** Why an event is dead-lettered: the reason, detail and route of its outcome. */
export interface DeadLetterReason {
  readonly reason: string;
  readonly detail: string;
  readonly route?: string | undefined;
}

/** Pub/Sub's limits: https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_ATTRIBUTES = 100;
const MAX_NAME_BYTES = 256;
const MAX_VALUE_BYTES = 1_024;

/** The attributes that the service writes. The sender's attributes never replace them, so they hold no personal data. */
export const OWN_ATTRIBUTES = [
  'reason',
  'detail',
  'route',
  'identity',
  'kind',
  'resource',
  'version',
  'projectKey',
  'occurredAt',
  'messageId',
  'publishTime',
  'deadLetteredAt',
  /** How many of the sender's attributes were cut to Pub/Sub's limits, or converted to well-formed Unicode. */
  'attributesCut',
  /** How many of the sender's attributes were left out. */
  'attributesLeftOut',
] as const;

const OWN: ReadonlySet<string> = new Set(OWN_ATTRIBUTES);

/**
 * The attributes of a dead letter: the sender's and our own, within Pub/Sub's limits, because a dead letter that Pub/Sub
 * refuses would be retried for ever. Attributes of the sender that do not fit are cut or left out, and counted.
 */
export function attributesOf(
  delivery: Delivery,
  event: Event | undefined,
  { reason, detail, route }: DeadLetterReason,
): Record<string, string> {
  const { resource } = event ?? {};
  const given = Object.entries(delivery.attributes);
  const senderEntries = given
    .filter(([name]) => isName(name))
    .slice(0, MAX_ATTRIBUTES - OWN_ATTRIBUTES.length);
  const fitted = senderEntries.map(([name, value]) => [name, fit(value)] as const);
  const cut = fitted.filter(([, value], index) => value !== senderEntries[index]?.[1]).length;
  const leftOut = given.length - senderEntries.length;
  const ownValues: Record<(typeof OWN_ATTRIBUTES)[number], string | undefined> = {
    reason,
    detail,
    route,
    identity: event?.identity,
    kind: event?.kind,
    resource: resource && `${resource.typeId}/${resource.id}`,
    version: event?.version?.toString(),
    projectKey: event?.projectKey,
    occurredAt: event?.occurredAt,
    messageId: delivery.messageId,
    publishTime: delivery.publishTime,
    deadLetteredAt: new Date().toISOString(),
    attributesCut: cut > 0 ? String(cut) : undefined,
    attributesLeftOut: leftOut > 0 ? String(leftOut) : undefined,
  };
  const own = Object.entries(ownValues).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, fit(value)] as const],
  );
  return Object.fromEntries([...fitted, ...own]);
}

/** True for a name that a sender's attribute may keep. Pub/Sub refuses names that begin with `goog`. */
function isName(name: string): boolean {
  if (OWN.has(name) || name === '' || name.startsWith('goog') || !name.isWellFormed()) return false;
  return Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/** Converts to well-formed Unicode, and cuts to Pub/Sub's limit at the end of a character. */
function fit(text: string): string {
  const wellFormed = text.toWellFormed();
  const bytes = Buffer.from(wellFormed);
  if (bytes.length <= MAX_VALUE_BYTES) return wellFormed;
  let end = MAX_VALUE_BYTES;
  // A byte 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
