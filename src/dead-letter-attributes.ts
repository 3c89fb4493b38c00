import type { Delivery, Event } from './event.ts';

/** Why an event was given up, in the words of its outcome. */
export interface Grounds {
  readonly reason: string;
  readonly detail: string;
  readonly route?: string | undefined;
}

/** What Pub/Sub takes: https://cloud.google.com/pubsub/quotas#resource_limits */
const MOST_ATTRIBUTES = 100;
const LONGEST_NAME_BYTES = 256;
const LONGEST_VALUE_BYTES = 1_024;
/** How many of the sender's attributes were cut, and how many left out. */
export const CUT_ATTRIBUTE = 'attributesCut';
export const LEFT_OUT_ATTRIBUTE = 'attributesLeftOut';

/**
 * The attributes of a dead letter: the sender's own and ours, which win, within what Pub/Sub takes. A dead letter that it
 * refuses would be tried for ever. What of the sender's does not fit is cut or left out, and counted.
 */
export function attributesOf(
  delivery: Delivery,
  event: Event | undefined,
  { reason, detail, route }: Grounds,
): Record<string, string> {
  const { resource } = event ?? {};
  const ours = {
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
    parkedAt: new Date().toISOString(),
  };
  const said = Object.entries(ours).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, fit(value)] as const],
  );
  const given = Object.entries(delivery.attributes);
  const names = new Set(said.map(([name]) => name));
  // Two places are kept for what is said of the others.
  const theirs = given
    .filter(([name]) => isName(name) && !names.has(name))
    .slice(0, MOST_ATTRIBUTES - said.length - 2);
  const fitted = theirs.map(([name, value]) => [name, fit(value)] as const);
  const cut = fitted.filter(([, value], index) => value !== theirs[index]?.[1]).length;
  const leftOut = given.length - theirs.length;
  return Object.fromEntries([
    ...fitted,
    ...said,
    ...(cut > 0 ? [[CUT_ATTRIBUTE, String(cut)] as const] : []),
    ...(leftOut > 0 ? [[LEFT_OUT_ATTRIBUTE, String(leftOut)] as const] : []),
  ]);
}

/** Names that begin with `goog` are Pub/Sub's own, and refused when another sets them. */
function isName(name: string): boolean {
  if (name === '' || name.startsWith('goog') || !name.isWellFormed()) return false;
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
