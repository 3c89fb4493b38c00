import { Failure } from '../outcome.ts';

/** What kind of trouble an upstream is in: it decides on retry, breaker, rate and readiness. */
export type FaultKind =
  /** 5xx, network, time-out: worth a retry, counts for the circuit breaker. */
  | 'transient'
  /** Rate limit: worth a retry after a while, and fewer requests at a time. */
  | 'throttled'
  /** The token was refused: worth one retry with a new one. */
  | 'unauthorised'
  /** Credentials or rights are wrong: not worth a retry, readiness goes off. */
  | 'refused'
  /** The time of the event is up, or the circuit is open: not the upstream's answer at all. */
  | 'unavailable'
  /** It may work later, but not by asking again at once. */
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
      `${upstream} gave no answer in ${milliseconds} ms.`,
    );
  }

  static outOfTime(upstream: string): UpstreamFault {
    return new UpstreamFault(
      'unavailable',
      'out-of-time',
      `The time for the event ran out while ${upstream} was asked.`,
    );
  }

  static network(upstream: string, error: unknown): UpstreamFault {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return new UpstreamFault(
      'transient',
      'upstream-unreachable',
      `${upstream} could not be reached (${code}).`,
    );
  }

  static circuitOpen(upstream: string, retryAfterSeconds: number): UpstreamFault {
    const detail = `${upstream} has failed too often; it is left alone for ${retryAfterSeconds} s.`;
    return new UpstreamFault('unavailable', 'circuit-open', detail, retryAfterSeconds);
  }

  static credentials(upstream: string, status: number): UpstreamFault {
    const detail = `${upstream} refused the credentials (HTTP ${status}); check the account's client id, secret, user and password.`;
    return new UpstreamFault('refused', 'credentials-refused', detail, 30);
  }

  static forbidden(upstream: string, what: string): UpstreamFault {
    const detail = `${upstream} denied the right for this request (${what}); give the account the scope or role it needs.`;
    return new UpstreamFault('refused', 'permission-missing', detail, 30);
  }

  /** The fault that an HTTP status means, or undefined where the caller decides what it means. */
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
