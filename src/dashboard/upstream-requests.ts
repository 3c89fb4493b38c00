import type { ObservedRequest } from '../observe/observer.ts';
import { Slots } from './time-buckets.ts';

/** What one upstream was asked for over the last minute. */
export interface Operation {
  readonly operation: string;
  readonly requests: number;
  /** Those that ended in a fault; what the upstream declined is an answer. */
  readonly faults: number;
  /** On average; null without requests. */
  readonly milliseconds: number | null;
  /** Customers a request, on average; null without requests. */
  readonly size: number | null;
}

const FIVE_SECONDS = 5_000;
const MINUTE_SLOTS = 12;

/** Requests by upstream and operation. Both come from the code and the configuration, so there are few. */
export class Requests {
  readonly #upstreams = new Map<
    string,
    Map<string, Slots<'requests' | 'faults' | 'milliseconds' | 'size'>>
  >();

  add({ upstream, operation, result, milliseconds, size }: ObservedRequest, now: number): void {
    let operations = this.#upstreams.get(upstream);
    if (!operations) {
      operations = new Map();
      this.#upstreams.set(upstream, operations);
    }
    let slots = operations.get(operation);
    if (!slots) {
      slots = new Slots(['requests', 'faults', 'milliseconds', 'size'], FIVE_SECONDS, MINUTE_SLOTS);
      operations.set(operation, slots);
    }
    slots.add('requests', now);
    slots.add('milliseconds', now, milliseconds);
    slots.add('size', now, size);
    if (result !== 'ok' && result !== 'declined') slots.add('faults', now);
  }

  read(upstream: string, now: number): Operation[] {
    return [...(this.#upstreams.get(upstream) ?? [])].map(([operation, slots]) => {
      const requests = slots.sum('requests', now);
      return {
        operation,
        requests,
        faults: slots.sum('faults', now),
        milliseconds: requests > 0 ? slots.sum('milliseconds', now) / requests : null,
        size: requests > 0 ? slots.sum('size', now) / requests : null,
      };
    });
  }
}
