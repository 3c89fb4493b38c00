import type { IncomingHttpHeaders } from 'node:http';
import type { OpenedDelivery } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import { type Authenticate, createAuthenticate, type PushAuth } from './authenticate/authenticate.ts';
import { PushBody } from './delivery.ts';
import { createEventGrid } from './event-grid.ts';
import { createEventBridge } from './eventbridge.ts';
import { createPubSub } from './pubsub.ts';
import type { Sender } from './sender.ts';
import { createSns, type SnsOptions } from './sns/sns.ts';
import type { SnsTopics } from './sns/verify.ts';

/** The senders that may push. */
export interface Senders {
  /** In the order in which their headers, then their form of a body, are looked for. */
  readonly all: readonly Sender[];
  /** Assumed until the body is read, and for a body that has the form of no sender. */
  readonly usual: Sender;
}

export interface SendersOptions {
  readonly pushAuth: PushAuth;
  readonly sns?: SnsTopics;
}

/**
 * Creates the senders with the authentication of PUSH_AUTH: with `oidc` only Pub/Sub can push, with `sns` only SNS. `others`
 * are matched first, and have their own authentication.
 */
export async function createSenders(
  { pushAuth, sns: topics }: SendersOptions,
  log: Log,
  others: readonly Sender[] = [],
): Promise<Senders> {
  if (pushAuth.kind === 'sns') {
    const sns = createSns({ authenticate: undefined, topics, log });
    return { all: [...others, sns], usual: sns };
  }
  const authenticate = await createAuthenticate(pushAuth);
  if (pushAuth.kind === 'oidc') {
    const pubsub = createPubSub(authenticate);
    return { all: [...others, pubsub], usual: pubsub };
  }
  const { all, usual } = shippedSenders({ authenticate, topics, log });
  return { all: [...others, ...all], usual };
}

function shippedSenders(options: SnsOptions & { readonly authenticate: Authenticate }): Senders {
  const { authenticate } = options;
  const pubsub = createPubSub(authenticate);
  return {
    // The commonest first.
    all: [pubsub, createSns(options), createEventBridge(authenticate), createEventGrid(authenticate)],
    usual: pubsub,
  };
}

/** Opens the body of a push of any sender, for a command; throws a Rejection if it cannot be opened. */
export function openPush(bytes: Buffer, log: Log): readonly OpenedDelivery[] {
  const senders = shippedSenders({ authenticate: () => 'accepted', topics: undefined, log });
  const body = new PushBody(bytes);
  return senderOfBody(body, senders).open({}, body);
}

/** The sender that the headers name, if any. */
export function senderNamedIn(headers: IncomingHttpHeaders, { all }: Senders): Sender | undefined {
  for (const sender of all) {
    for (const { name, prefix } of sender.ownHeaders) {
      const value = headers[name];
      if (value === undefined) continue;
      if (prefix === undefined || (typeof value === 'string' && value.startsWith(prefix))) return sender;
    }
  }
  return undefined;
}

/** The sender of a push whose headers name none, from the form of its body. Throws a Rejection if that is not JSON. */
export function senderOfBody(body: PushBody, senders: Senders): Sender {
  const json = body.json();
  return senders.all.find((sender) => sender.hasForm?.(json)) ?? senders.usual;
}
