import { startCommercetools } from '../sandbox/commercetools.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { environmentFor } from '../sandbox/service.ts';

/** The requests of the bench to the process of the stand-ins. */
export type Order =
  | { readonly kind: 'latency'; readonly milliseconds: number }
  | { readonly kind: 'seed'; readonly count: number; readonly lastModifiedAt?: string | undefined }
  | { readonly kind: 'count' };

/** The requests so far by upstream, without those for tokens. */
export interface Counts {
  readonly commercetools: number;
  readonly fluent: number;
}

// Both stand-ins in a separate process, which the bench controls over a channel.
const commercetools = await startCommercetools();
const fluent = await startFluent({ remembered: 1 });
let latencies: (() => void)[] = [];

const answers = {
  latency({ milliseconds }: Extract<Order, { kind: 'latency' }>) {
    for (const off of latencies) off();
    latencies = [];
    if (milliseconds === 0) return null;
    for (const only of ['query', 'by-id', 'graphql'] as const)
      latencies.push(commercetools.fault({ kind: 'latency', milliseconds, only }));
    for (const only of ['query', 'mutation'] as const)
      latencies.push(fluent.faults.on({ kind: 'latency', milliseconds, only }));
    return null;
  },
  seed({ count, lastModifiedAt }: Extract<Order, { kind: 'seed' }>) {
    return commercetools.seed(count, lastModifiedAt).map(({ id, version }) => ({ id, version }));
  },
  count(): Counts {
    const { query, 'by-id': byId, graphql } = commercetools.requests;
    return {
      commercetools: query + byId + graphql,
      fluent: fluent.requests.query.requests + fluent.requests.mutation.requests,
    };
  },
};

process.on('message', (order: Order) => {
  const { kind } = order;
  process.send?.(
    kind === 'latency' ? answers.latency(order) : kind === 'seed' ? answers.seed(order) : answers.count(),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.(environmentFor(commercetools, fluent));
