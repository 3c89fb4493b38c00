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

const TRIES = 3;
const LONGEST_WAIT_MILLISECONDS = 2_000;
const BREAK_AFTER_FAULTS = 10;

/** Three tries of what is worth it: an upstream that asks for a longer wait than two seconds is left to the redelivery. */
export function createRetry(): RetryPolicy {
  return retry(handleWhen(worthRetry), {
    maxAttempts: TRIES - 1,
    backoff: new DelegateBackoff((context) => waitBefore(context.attempt, context.result)),
  });
}

/** Opens after ten faults in a row, and lets one request through to try after a while. */
export function createBreaker(halfOpenAfter: number): CircuitBreakerPolicy {
  const breaker: CircuitBreakerPolicy = circuitBreaker(
    handleWhen((error) => {
      if (!(error instanceof UpstreamFault)) return false;
      // A request cut off before its time-out says nothing of the upstream; as the probe it does not close the circuit.
      if (error.kind === 'unavailable') return breaker.state === CircuitState.HalfOpen;
      return error.kind === 'transient';
    }),
    { breaker: new ConsecutiveBreaker(BREAK_AFTER_FAULTS), halfOpenAfter },
  );
  return breaker;
}

function worthRetry(error: unknown): boolean {
  if (!(error instanceof UpstreamFault)) return false;
  if (error.kind !== 'transient' && error.kind !== 'throttled') return false;
  return (error.retryAfterSeconds ?? 0) * 1000 <= LONGEST_WAIT_MILLISECONDS;
}

/** Milliseconds: what the upstream asked for, and 100, 200, … with full jitter so that batches do not return together. */
function waitBefore(attempt: number, result: unknown): number {
  const asked = result && typeof result === 'object' && 'error' in result ? result.error : undefined;
  const least = asked instanceof UpstreamFault ? (asked.retryAfterSeconds ?? 0) * 1000 : 0;
  return least + Math.random() * 100 * 2 ** attempt;
}
