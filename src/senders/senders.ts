import type { IncomingHttpHeaders } from 'node:http';
import { createAuthenticate, type PushAuth } from '../authenticate/authenticate.ts';
import { createPubSub } from './pubsub.ts';
import type { PushBody } from './push-body.ts';
import type { Sender } from './sender.ts';

/** The senders that may push; the last one takes what no other recognises. */
export type Senders = readonly [...Sender[], Sender];

/** Makes the senders, all with the authentication that PUSH_AUTH says; `others` are asked first, and have their own. */
export async function createSenders(auth: PushAuth, others: readonly Sender[] = []): Promise<Senders> {
  const authenticate = await createAuthenticate(auth);
  return [...others, createPubSub(authenticate)];
}

/** The sender that the headers name, if any. */
export function senderNamedIn(headers: IncomingHttpHeaders, senders: Senders): Sender | undefined {
  return senders.find((sender) => sender.isNamedIn(headers));
}

/** The sender of a push whose headers name none: told by the form of its body. Throws a Rejection where that is not JSON. */
export function senderOfBody(body: PushBody, senders: Senders): Sender {
  const json = body.json();
  return senders.find((sender) => sender.hasForm?.(json)) ?? usualSender(senders);
}

/** The sender that is assumed until the body has been read. */
export function usualSender(senders: Senders): Sender {
  return senders.at(-1) ?? senders[0];
}
