import { type Failure, Rejection } from '../outcome.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import type { GraphqlError } from '../upstream/graphql-error.ts';
import { complaintOf } from './complaint.ts';
import { InvalidRequest } from './schema-guard.ts';

/** Another customer has a unique value of this one, or the customer exists already: look it up, then update it. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** There is no customer with that username to update. */
export class NotThere extends Error {
  override readonly name = 'NotThere';
}

/** The request is too large: it may succeed when it is split. */
export class TooComplex extends Error {
  override readonly name = 'TooComplex';
}

/** Fluent's error code, from `extensions.code` or else from the message, where some responses have it. */
export function codeOf(error: GraphqlError): string {
  const code = error.extensions?.code ?? '';
  if (CODE.test(code)) return code;
  return CODE.exec(error.message)?.[0] ?? (/already exists/i.test(error.message) ? 'C0121E' : 'unknown');
}

const CODE = /\b[CST]\d{4}[EW]\b/;

/**
 * Translates an error by its code. Source: Fluent's overview of GraphQL error codes; an error with another code is retried later.
 */
export function meaningOf(
  error: GraphqlError,
  upstream: string,
): Failure | Rejection | Conflict | NotThere | TooComplex {
  const code = codeOf(error);
  const detail = `${upstream} answered with error ${code}.`;
  switch (code) {
    case 'C0001E':
      return new TooComplex(detail);
    case 'C0121E':
    case 'C0123E':
      return new Conflict(detail);
    case 'C0120E':
      return new NotThere(detail);
    case 'C0100E':
    case 'C0101E':
    case 'C0102E':
    case 'C0103E':
    case 'C0141E':
      return refused(detail);
    case 'C0140E':
      return new InvalidRequest(refused(detail), complaintOf(error.message));
    case 'unknown':
      // Refusals of the GraphQL layer have no code of Fluent.
      return new InvalidRequest(
        new UpstreamFault('final', 'fluent-error', detail),
        complaintOf(error.message),
      );
    case 'C0003E':
    case 'C0011E':
      return new UpstreamFault(
        'throttled',
        code === 'C0011E' ? 'rate-limited' : 'fluent-starting',
        detail,
        60,
      );
    case 'C0020E':
      return UpstreamFault.forbidden(upstream, code);
    case 'S0040E':
      return new UpstreamFault('unauthorised', 'token-refused', detail);
    case 'S0002E':
    case 'S0020E':
      return new UpstreamFault('transient', 'upstream-error', detail);
    case 'S0001E':
    case 'S0030E':
      return new UpstreamFault(
        'final',
        'fluent-misconfigured',
        `${detail} Its platform configuration has to be corrected.`,
      );
    default:
      return code.startsWith('T')
        ? new UpstreamFault('transient', 'upstream-error', detail)
        : new UpstreamFault('final', 'fluent-error', detail);
  }
}

function refused(detail: string): Rejection {
  return new Rejection(
    'refused-by-fluent',
    `${detail} The customer does not fit Fluent's schema; correct the mapping.`,
  );
}
