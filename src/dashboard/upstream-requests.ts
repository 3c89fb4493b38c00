import type { ObservedRequest } from '../observe/observer.ts';
import { TimeBuckets } from './time-buckets.ts';

/** The requests of one operation to an upstream, over the last minute. */
export interface OperationSummary {
  readonly operation: string;
  readonly requests: number;
  /** Requests that ended in a fault; a declined request is none. */
  readonly faults: number;
  /** The average; null without requests. */
  readonly milliseconds: number | null;
  /** Customers in one request on average; null without requests. */
  readonly size: number | null;
}

const FIVE_SECONDS = 5_000;
const MINUTE_BUCKETS = 12;

/** Counts requests by upstream and operation. Both come from the code and the configuration, so there are few. */
export class UpstreamRequests {
  readonly #upstreams = new Map<
    string,
    Map<string, TimeBuckets<'requests' | 'faults' | 'milliseconds' | 'size'>>
  >();

  add({ upstream, operation, result, milliseconds, size }: ObservedRequest, now: number): void {
    let operations = this.#upstreams.get(upstream);
    if (!operations) {
      operations = new Map();
      this.#upstreams.set(upstream, operations);
    }
    let buckets = operations.get(operation);
    if (!buckets) {
      buckets = new TimeBuckets(['requests', 'faults', 'milliseconds', 'size'], FIVE_SECONDS, MINUTE_BUCKETS);
      operations.set(operation, buckets);
    }
    buckets.add('requests', now);
    buckets.add('milliseconds', now, milliseconds);
    buckets.add('size', now, size);
    if (result !== 'ok' && result !== 'declined') buckets.add('faults', now);
  }

  read(upstream: string, now: number): OperationSummary[] {
    return [...(this.#upstreams.get(upstream) ?? [])].map(([operation, buckets]) => {
      const requests = buckets.sum('requests', now);
      return {
        operation,
        requests,
        faults: buckets.sum('faults', now),
        milliseconds: requests > 0 ? buckets.sum('milliseconds', now) / requests : null,
        size: requests > 0 ? buckets.sum('size', now) / requests : null,
      };
    });
  }
}
