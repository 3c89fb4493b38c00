import { codeOf } from '../observe/describe-error.ts';
import { Failure } from '../outcome.ts';

/** The kind of an upstream's fault; retry, circuit breaker, concurrency limit and readiness depend on it. */
export type FaultKind =
  /** 5xx, network, time-out: is retried, and counts for the circuit breaker. */
  | 'transient'
  /** Rate limit: is retried after a while, and lowers the concurrency limit. */
  | 'throttled'
  /** The token was refused: is retried once with a new one. */
  | 'unauthorised'
  /** Credentials or permissions are wrong: is not retried, and turns readiness off. */
  | 'refused'
  /** The event's deadline has passed, or the circuit is open: no response of the upstream. */
  | 'unavailable'
  /** May work later, but an immediate retry would not help. */
  | 'final';

/** A failed upstream request. Its text names the upstream, the status and codes only. */
export class UpstreamFault extends Failure {
  readonly kind: FaultKind;
  constructor(kind: FaultKind, reason: string, detail: string, retryAfterSeconds?: number) {
    super(reason, detail, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    this.name = 'UpstreamFault';
    this.kind = kind;
  }

  static timeout(upstream: string, milliseconds: number): UpstreamFault {
    return new UpstreamFault(
      'transient',
      'upstream-timeout',
      `${upstream} did not answer within ${milliseconds} ms.`,
    );
  }

  static outOfTime(upstream: string): UpstreamFault {
    return new UpstreamFault(
      'unavailable',
      'out-of-time',
      `The event's deadline passed before ${upstream} answered.`,
    );
  }

  static network(upstream: string, error: unknown): UpstreamFault {
    const code = codeOf(error) ?? 'unknown';
    return new UpstreamFault(
      'transient',
      'upstream-unreachable',
      `${upstream} could not be reached (${code}).`,
    );
  }

  static circuitOpen(upstream: string, retryAfterSeconds: number): UpstreamFault {
    const detail = `${upstream} has failed too often; it gets no requests for ${retryAfterSeconds} s.`;
    return new UpstreamFault('unavailable', 'circuit-open', detail, retryAfterSeconds);
  }

  /** `known` is an error code of a fixed list, and what to check for it. */
  static credentials(
    upstream: string,
    status: number,
    known?: { readonly code: string; readonly advice: string },
  ): UpstreamFault {
    const found = known ? `HTTP ${status} ${known.code}` : `HTTP ${status}`;
    const advice = known?.advice ?? "check the account's client id, secret, user and password.";
    const detail = `${upstream} refused the credentials (${found}); ${advice}`;
    return new UpstreamFault('refused', 'credentials-refused', detail, 30);
  }

  static forbidden(upstream: string, what: string): UpstreamFault {
    const detail = `${upstream} denied the permission for this request (${what}); give the account the scope or role it needs.`;
    return new UpstreamFault('refused', 'permission-missing', detail, 30);
  }

  /** The fault for an HTTP status, or undefined if the caller has to decide. */
  static ofStatus(upstream: string, status: number, retryAfterSeconds?: number): UpstreamFault | undefined {
    const detail = `${upstream} answered HTTP ${status}.`;
    if (status === 401) return new UpstreamFault('unauthorised', 'token-refused', detail);
    if (status === 403) return UpstreamFault.forbidden(upstream, 'HTTP 403');
    if (status === 429) return new UpstreamFault('throttled', 'rate-limited', detail, retryAfterSeconds);
    if (status === 408 || status >= 500)
      return new UpstreamFault('transient', 'upstream-error', detail, retryAfterSeconds);
    return undefined;
  }
}
