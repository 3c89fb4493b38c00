import type { IncomingHttpHeaders } from 'node:http';
import type { OpenedDelivery } from '../notification/event.ts';
import type { Authenticate, Credentials, Refusal } from './authenticate/authenticate.ts';
import type { PushBody } from './delivery.ts';
import type { Statuses } from './status.ts';

/** The parts of a push that are known before its body is read. */
export interface PushHead extends Credentials {
  readonly headers: IncomingHttpHeaders;
}

/** The answer to a push. */
export interface PushResponse {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  /** Why it was not acknowledged, for a person. */
  readonly problem?: { readonly reason: string; readonly detail: string };
  /** The response to a handshake: headers, and JSON. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: object;
  /** What `WWW-Authenticate` says with a 401. */
  readonly challenge?: string;
}

/** The answer to a push that fails the authentication. */
export function refusalResponse({ reason, detail, ...refusal }: Refusal): PushResponse {
  return { ...refusal, problem: { reason, detail } };
}

/** A header that only one sender sends: with any value, or with a value that begins with `prefix`. */
export interface OwnHeader {
  /** In lower case. */
  readonly name: string;
  readonly prefix?: string;
}

/**
 * A sender of pushes; each has one implementation. The sender is recognised by the request itself, and determines only how
 * the push is opened and answered. Only `authenticate`, by PUSH_AUTH, determines who may push.
 */
export interface Sender {
  /** The name in the log. */
  readonly name: string;
  /** The sender's time-out for the response, in seconds. */
  readonly timeLimitSeconds: number;
  readonly statuses: Statuses;
  /** The headers that only this sender sends: one of them is enough to recognise it. */
  readonly ownHeaders: readonly OwnHeader[];
  /** True for a body in this sender's own form; called if no header names a sender. */
  hasForm?(body: unknown): boolean;
  /** Answers `OPTIONS`, a handshake of some senders before the first push, without credentials. */
  answerOptions?(headers: IncomingHttpHeaders): PushResponse;
  /** Authenticates a push before its body is read. */
  readonly authenticate: Authenticate<PushHead>;
  /**
   * Answers a body that must not be opened (its own authentication fails), or that contains no notification (a handshake).
   * Returns undefined for all others. Never rejects.
   */
  intercept?(headers: IncomingHttpHeaders, body: PushBody): Promise<PushResponse | undefined>;
  /** Returns the notifications in a push, in their order; throws a Rejection if there are none. */
  open(headers: IncomingHttpHeaders, body: PushBody): readonly OpenedDelivery[];
}
