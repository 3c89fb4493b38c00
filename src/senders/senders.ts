import type { IncomingHttpHeaders } from 'node:http';
import type { OpenedDelivery } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import { type Authenticate, createAuthenticate, type PushAuth } from './authenticate/authenticate.ts';
import { createEventGrid } from './event-grid.ts';
import { createEventBridge } from './eventbridge.ts';
import { createPubSub } from './pubsub.ts';
import { PushBody } from './push-body.ts';
import type { Sender } from './sender.ts';
import { createSns, type SnsOptions } from './sns/sns.ts';
import type { SnsTopics } from './sns/verify.ts';

/** The senders that may push; the last one takes what no other recognises. */
export type Senders = readonly [...Sender[], Sender];

export interface SendersOptions {
  readonly pushAuth: PushAuth;
  readonly sns?: SnsTopics;
}

/**
 * Makes the senders, all with the authentication that PUSH_AUTH says: with `oidc` only Pub/Sub can push, with `sns`
 * only SNS. `others` are asked first, and have their own authentication.
 */
export async function createSenders(
  { pushAuth, sns: topics }: SendersOptions,
  log: Log,
  others: readonly Sender[] = [],
): Promise<Senders> {
  if (pushAuth.kind === 'sns') return [...others, createSns({ authenticate: undefined, topics, log })];
  const authenticate = await createAuthenticate(pushAuth);
  if (pushAuth.kind === 'oidc') return [...others, createPubSub(authenticate)];
  return [...others, ...shippedSenders({ authenticate, topics, log })];
}

function shippedSenders(options: SnsOptions & { readonly authenticate: Authenticate }): Senders {
  const { authenticate } = options;
  return [
    createSns(options),
    createEventBridge(authenticate),
    createEventGrid(authenticate),
    createPubSub(authenticate),
  ];
}

/** Opens the body of a push of any sender, as a command is given it; throws a Rejection where that cannot be. */
export function openPush(bytes: Buffer, log: Log): readonly OpenedDelivery[] {
  const senders = shippedSenders({ authenticate: () => 'accepted', topics: undefined, log });
  const body = new PushBody(bytes);
  return senderOfBody(body, senders).open({}, body);
}

/** The sender that the headers name, if any. */
export function senderNamedIn(headers: IncomingHttpHeaders, senders: Senders): Sender | undefined {
  return senders.find((sender) => sender.isNamedIn(headers));
}

/** The sender of a push whose headers name none, from the form of its body. Throws a Rejection if that is not JSON. */
export function senderOfBody(body: PushBody, senders: Senders): Sender {
  const json = body.json();
  return senders.find((sender) => sender.hasForm?.(json)) ?? usualSender(senders);
}

/** The sender that is assumed until the body has been read. */
export function usualSender(senders: Senders): Sender {
  return senders.at(-1) ?? senders[0];
}
