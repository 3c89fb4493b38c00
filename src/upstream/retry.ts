import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type RetryPolicy,
  retry,
} from 'cockatiel';
import { UpstreamFault } from './fault.ts';

const MAX_ATTEMPTS = 3;
const MAX_WAIT_MILLISECONDS = 2_000;
const BREAK_AFTER_FAULTS = 10;

/** Makes three attempts at most. If an upstream asks for a wait of more than two seconds, the redelivery is the retry. */
export function createRetry(): RetryPolicy {
  return retry(handleWhen(isWorthRetry), {
    maxAttempts: MAX_ATTEMPTS - 1,
    backoff: new DelegateBackoff((context) => waitBefore(context.attempt, context.result)),
  });
}

/** Opens after ten faults in a row, and lets one request probe the upstream after `halfOpenAfter` milliseconds. */
export function createBreaker(halfOpenAfter: number): CircuitBreakerPolicy {
  const breaker: CircuitBreakerPolicy = circuitBreaker(
    handleWhen((error) => {
      if (!(error instanceof UpstreamFault)) return false;
      // A request that was aborted before its time-out is no evidence; if it was the probe, the circuit must stay open.
      if (error.kind === 'unavailable') return breaker.state === CircuitState.HalfOpen;
      return error.kind === 'transient';
    }),
    { breaker: new ConsecutiveBreaker(BREAK_AFTER_FAULTS), halfOpenAfter },
  );
  return breaker;
}

function isWorthRetry(error: unknown): boolean {
  if (!(error instanceof UpstreamFault)) return false;
  if (error.kind !== 'transient' && error.kind !== 'throttled') return false;
  return (error.retryAfterSeconds ?? 0) * 1000 <= MAX_WAIT_MILLISECONDS;
}

/**
 * Milliseconds to wait: what the upstream asked for, plus 100, 200, … with full jitter, so that batches do not retry
 * together.
 */
function waitBefore(attempt: number, result: unknown): number {
  const error = result && typeof result === 'object' && 'error' in result ? result.error : undefined;
  const retryAfter = error instanceof UpstreamFault ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return retryAfter + Math.random() * 100 * 2 ** attempt;
}
