import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

export const CUSTOMER = {
  id: 'c-1',
  version: 7,
  createdAt: '2026-03-02T09:15:00.384Z',
  lastModifiedAt: '2026-03-02T09:15:00.384Z',
  email: 'amba@example.com',
  lastName: 'a'.repeat(34),
  addresses: [{ id: 'a', country: 'NL' }],
  shippingAddressIds: [],
  billingAddressIds: [],
  isEmailVerified: true,
  stores: [],
  customerGroupAssignments: [],
  authenticationMode: 'Password',
};

const Mapped = z.object({
  username: z.string().optional(),
  unusable: z.array(z.string()),
  overLimit: z.array(z.array(z.string())),
  /** How often the event loop had its turn meanwhile. */
  turns: z.number(),
  fields: z.record(z.string(), z.unknown()),
  attributes: z.record(z.string(), z.unknown()),
  /** Of those that were given up. */
  reasons: z.array(z.unknown()),
});

/**
 * Maps `CUSTOMER` by the default mapping with changes to it, so many times at once, in a thread of its own: where the test runner watches every
 * promise, hundreds of thousands of them take minutes.
 */
export function startMapping(t: { teardown(stop: () => unknown): unknown }) {
  const worker = new Worker(new URL('map-thread.ts', import.meta.url), { execArgv: [] });
  t.teardown(() => worker.terminate());
  return async (changes: Readonly<Record<string, unknown>>, times = 1): Promise<z.output<typeof Mapped>> => {
    worker.postMessage({ changes, times });
    const [mapped] = await once(worker, 'message');
    return Mapped.parse(mapped);
  };
}
