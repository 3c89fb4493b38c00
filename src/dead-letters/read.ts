import type { protos } from '@google-cloud/pubsub';
import { decode } from '../notification/decode.ts';
import { OWN_ATTRIBUTES } from './attributes.ts';

/** A message of the dead-letter subscription, leased to this command. */
export interface DeadLetter {
  readonly ackId: string;
  /** The id of the dead letter, used in the commands. */
  readonly messageId: string;
  /** When it was published to the dead-letter topic. */
  readonly deadLetteredAt: Date;
  readonly reason: string;
  /** The service's own attributes beside the reason; without personal data. */
  readonly details: Readonly<Record<string, string>>;
  /** The sender's attributes, which may hold personal data. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

/** The reason of a message that the subscription's dead-letter policy published, and not the service. */
export const GIVEN_UP = 'too-many-attempts';

const OURS: ReadonlySet<string> = new Set(OWN_ATTRIBUTES);

/** Reads one received message. If the service did not publish it, its details are decoded from the payload. */
export function readDeadLetter({
  ackId,
  message,
}: protos.google.pubsub.v1.IReceivedMessage): DeadLetter | undefined {
  if (!ackId || !message?.messageId) return undefined;
  const given = Object.entries(message.attributes ?? {});
  const isFromService = given.some(([name]) => name === 'deadLetteredAt');
  const data = Buffer.from(message.data ?? []);
  const details = isFromService
    ? Object.fromEntries(given.filter(([name]) => OURS.has(name)))
    : identityOf(data, message.messageId);
  return {
    ackId,
    messageId: message.messageId,
    deadLetteredAt: new Date(Number(message.publishTime?.seconds ?? 0) * 1000),
    reason: details['reason'] ?? GIVEN_UP,
    details,
    attributes: isFromService
      ? Object.fromEntries(given.filter(([name]) => !OURS.has(name)))
      : { ...message.attributes },
    data,
  };
}

function identityOf(data: Buffer, messageId: string): Record<string, string> {
  try {
    const { identity, kind, resource } = decode({ attributes: {}, data, messageId });
    return { identity, kind, ...(resource && { resource: `${resource.typeId}/${resource.id}` }) };
  } catch {
    return {};
  }
}

/** Rebuilds the push, as Pub/Sub would send it again. https://cloud.google.com/pubsub/docs/push#receive_push */
export function pushOf({ details, messageId, attributes, data }: DeadLetter): Buffer {
  const message = {
    data: data.toString('base64'),
    attributes,
    messageId: details['messageId'] ?? messageId,
    publishTime: details['publishTime'],
  };
  return Buffer.from(JSON.stringify({ message }));
}
