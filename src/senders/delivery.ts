import { z } from 'zod';
import type { Delivery } from '../notification/event.ts';
import { parseJson } from '../notification/parse.ts';

/** The body of a push as bytes, and as JSON, which is parsed at most once. */
export class PushBody {
  readonly bytes: Buffer;
  #json: unknown;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Throws a Rejection (`undecodable`) where the body is not JSON in UTF-8, or exceeds the bounds. */
  json(): unknown {
    this.#json ??= parseJson(this.bytes, 'push');
    return this.#json;
  }
}

// Metadata never makes an event undecodable: a value that does not fit its schema is left out.

/** A sender's id of a message. It is logged, so it has to look like one. */
export const MessageId = z
  .string()
  .regex(/^[\w.:-]{1,128}$/)
  .optional()
  .catch(undefined);
/** A time in ISO 8601. */
export const Time = z.iso.datetime({ offset: true }).optional().catch(undefined);
/** Any text. */
export const Text = z.string().min(1).optional().catch(undefined);
/** The number of a delivery, from 1. */
export const Attempt = z.int().positive().optional().catch(undefined);

/** The metadata of a delivery; undefined where the sender does not send it. */
export interface DeliveryMetadata {
  readonly messageId?: string | undefined;
  readonly publishTime?: string | undefined;
  readonly subscription?: string | undefined;
  readonly attempt?: number | undefined;
}

export const NO_ATTRIBUTES: Delivery['attributes'] = Object.freeze({});

/** Creates a delivery from a payload and its metadata. */
export function deliveryOf(
  data: Buffer,
  attributes: Delivery['attributes'],
  metadata: DeliveryMetadata,
): Delivery {
  const delivery: { -readonly [Key in keyof Delivery]: Delivery[Key] } = { attributes, data };
  if (metadata.messageId !== undefined) delivery.messageId = metadata.messageId;
  if (metadata.publishTime !== undefined) delivery.publishTime = metadata.publishTime;
  if (metadata.subscription !== undefined) delivery.subscription = metadata.subscription;
  if (metadata.attempt !== undefined) delivery.attempt = metadata.attempt;
  return delivery;
}
