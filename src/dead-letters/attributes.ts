import type { Delivery, Event } from '../notification/event.ts';

/** Why an event was given up, in the words of its outcome. */
export interface DeadLetterReason {
  readonly reason: string;
  readonly detail: string;
  readonly route?: string | undefined;
}

/** What Pub/Sub takes: https://cloud.google.com/pubsub/quotas#resource_limits */
const MOST_ATTRIBUTES = 100;
const LONGEST_NAME_BYTES = 256;
const LONGEST_VALUE_BYTES = 1_024;

/** The names of the attributes that the service writes. None of them is ever the sender's: what is said in them is not personal. */
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
  /** How many of the sender's were cut to what Pub/Sub takes, or made well-formed Unicode. */
  'attributesCut',
  /** How many of the sender's were left out. */
  'attributesLeftOut',
] as const;

const OWN: ReadonlySet<string> = new Set(OWN_ATTRIBUTES);

/**
 * The attributes of a dead letter: the sender's own and ours, which win, within what Pub/Sub takes. A dead letter that it
 * refuses would be tried for ever. What of the sender's does not fit is cut or left out, and counted.
 */
export function attributesOf(
  delivery: Delivery,
  event: Event | undefined,
  { reason, detail, route }: DeadLetterReason,
): Record<string, string> {
  const { resource } = event ?? {};
  const given = Object.entries(delivery.attributes);
  const theirs = given.filter(([name]) => isName(name)).slice(0, MOST_ATTRIBUTES - OWN_ATTRIBUTES.length);
  const fitted = theirs.map(([name, value]) => [name, fit(value)] as const);
  const cut = fitted.filter(([, value], index) => value !== theirs[index]?.[1]).length;
  const leftOut = given.length - theirs.length;
  const ours: Record<(typeof OWN_ATTRIBUTES)[number], string | undefined> = {
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
  const said = Object.entries(ours).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, fit(value)] as const],
  );
  return Object.fromEntries([...fitted, ...said]);
}

/** True for a name that a sender's attribute may keep. Those that begin with `goog` are Pub/Sub's own, and refused from others. */
function isName(name: string): boolean {
  if (OWN.has(name) || name === '' || name.startsWith('goog') || !name.isWellFormed()) return false;
  return Buffer.byteLength(name) <= LONGEST_NAME_BYTES;
}

/** Well-formed Unicode, cut to the bytes that Pub/Sub takes without half a character at the end. */
function fit(text: string): string {
  const wellFormed = text.toWellFormed();
  const bytes = Buffer.from(wellFormed);
  if (bytes.length <= LONGEST_VALUE_BYTES) return wellFormed;
  let end = LONGEST_VALUE_BYTES;
  // A byte 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
