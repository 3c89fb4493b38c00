import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import type { Order } from './upstreams.ts';

const Environment = z.record(z.string(), z.string());
const Seeded = z.array(z.object({ id: z.string(), version: z.number() }));
const Counted = z.object({ commercetools: z.number(), fluent: z.number() });

export type Seeded = z.output<typeof Seeded>;

/** Both stand-ins in a separate process, so that their work does not count for the service. */
export interface StandIns {
  /** The environment variables for a service that uses them. */
  readonly environment: Readonly<Record<string, string>>;
  latency(milliseconds: number): Promise<void>;
  /** Creates customers in commercetools with this time of change (default: now), which do not exist in Fluent. */
  seed(count: number, lastModifiedAt?: string): Promise<Seeded>;
  /** The requests to both so far, without those for tokens. */
  calls(): Promise<number>;
  stop(): void;
}

export async function startStandIns(): Promise<StandIns> {
  const child = fork(join(import.meta.dirname, 'upstreams.ts'));
  const [environment] = await once(child, 'message');
  async function ask(order: Order): Promise<unknown> {
    child.send(order);
    const [answer] = await once(child, 'message');
    return answer;
  }
  return {
    environment: Environment.parse(environment),
    async latency(milliseconds) {
      await ask({ kind: 'latency', milliseconds });
    },
    seed: async (count, lastModifiedAt) => Seeded.parse(await ask({ kind: 'seed', count, lastModifiedAt })),
    async calls() {
      const { commercetools, fluent } = Counted.parse(await ask({ kind: 'count' }));
      return commercetools + fluent;
    },
    stop: () => child.disconnect(),
  };
}
