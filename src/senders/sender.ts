import type { IncomingHttpHeaders } from 'node:http';
import type { OpenedDelivery } from '../notification/event.ts';
import type { Authenticate, Credentials, Refusal } from './authenticate/authenticate.ts';
import type { PushBody } from './delivery.ts';
import type { Statuses } from './status.ts';

/** What is known of a push before its body is read. */
export interface PushHead extends Credentials {
  readonly headers: IncomingHttpHeaders;
}

/** The answer to a push. */
export interface PushResponse {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  /** Why it was not acknowledged, for a person. */
  readonly problem?: { readonly reason: string; readonly detail: string };
  /** What a handshake asks for: headers, and JSON. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: object;
  /** What `WWW-Authenticate` says with a 401. */
  readonly challenge?: string;
}

/** The answer to a push that fails the authentication. */
export function refusalResponse({ reason, detail, ...refusal }: Refusal): PushResponse {
  return { ...refusal, problem: { reason, detail } };
}

/** A header that only one sender sends: whatever its value, or with a value that begins with `prefix`. */
export interface OwnHeader {
  /** In lower case. */
  readonly name: string;
  readonly prefix?: string;
}

/**
 * Who pushes, and how: one implementation a sender. Which sender a request is from is taken from the request itself, and
 * decides only how it is opened and answered. It never decides who may push: `authenticate` does, as PUSH_AUTH says.
 */
export interface Sender {
  /** As the log names it. */
  readonly name: string;
  /** After so many seconds the sender gives up waiting for the answer. */
  readonly timeLimitSeconds: number;
  readonly statuses: Statuses;
  /** The headers that only this sender sends: one of them is enough to recognise it. */
  readonly ownHeaders: readonly OwnHeader[];
  /** True for a body in this sender's own form; called if no header names a sender. */
  hasForm?(body: unknown): boolean;
  /** Answers `OPTIONS`, by which some senders ask beforehand whether they may push. It comes without credentials. */
  answerOptions?(headers: IncomingHttpHeaders): PushResponse;
  /** Judges a push before its body is read. */
  readonly authenticate: Authenticate<PushHead>;
  /**
   * Answers a body that must not be opened, or holds no notification: one that fails the authentication that its sender
   * puts into the body, or a handshake. Undefined lets the push through. Never rejects.
   */
  intercept?(headers: IncomingHttpHeaders, body: PushBody): Promise<PushResponse | undefined>;
  /** The notifications in a push, in their order; throws a Rejection where there are none. */
  open(headers: IncomingHttpHeaders, body: PushBody): readonly OpenedDelivery[];
}
