import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Instance } from './instances.ts';
import type { Random } from './random.ts';

const Push = z.object({ message: z.object({ messageId: z.string() }) });
const GATEWAY_MILLISECONDS = 9_000;
const KEEP_ALIVE_MILLISECONDS = 600_000;

/** What pushes were answered, and what was done to them on the way. */
export interface PushProxy {
  readonly url: string;
  /** Ids of the messages whose push was answered with a 2xx: what Pub/Sub takes as acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  readonly counts: {
    deliveries: number;
    redeliveries: number;
    duplicates: number;
    lostAcks: number;
    unreachable: number;
    heldBack: number;
  };
  /** In `performance.now()`. */
  readonly lastDeliveryAt: number;
  readonly answers: ReadonlyMap<number, number>;
  /** Between the answer to a delivery that failed and the next delivery of the same message; `Infinity` without any. */
  readonly shortestRedeliverySeconds: number;
  /** The same from the delivery that failed, not from its answer. */
  readonly shortestFromDeliverySeconds: number;
  /** Probability of each mischief; all 0 ends it. */
  disturb(probabilities: { duplicate: number; lostAck: number }): void;
  close(): Promise<void>;
}

/**
 * Balances pushes over the instances that live, as the load balancer before them does: round robin, 502 for one that is gone.
 *
 * A duplicate is the same push at two instances at once, answered with the worse of both answers. Pub/Sub takes a message as
 * acknowledged when any delivery of it is; were one acknowledged while the other's instance dies between a write and its
 * check, nothing would be delivered again to heal it. That is outside of what the service promises, and not done here.
 * A lost ack is answered 500 after the instance said 204.
 * The emulator makes the first redelivery after a second whatever the retry policy says; the proxy keeps such a push back
 * until `leastSeconds` have passed since the answer, as Pub/Sub does.
 */
export async function startProxy(
  live: () => readonly Instance[],
  random: Random,
  leastSeconds: number,
): Promise<PushProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const acknowledged = new Set<string>();
  const failures = new Map<string, { readonly deliveredAt: number; readonly answeredAt: number }>();
  const seen = new Set<string>();
  const answers = new Map<number, number>();
  const counts = { deliveries: 0, redeliveries: 0, duplicates: 0, lostAcks: 0, unreachable: 0, heldBack: 0 };
  let mischief = { duplicate: 0, lostAck: 0 };
  let turn = 0;
  let lastDeliveryAt = performance.now();
  let shortest = Number.POSITIVE_INFINITY;
  let shortestFromDelivery = Number.POSITIVE_INFINITY;

  async function deliver(incoming: IncomingMessage): Promise<number> {
    const body = await buffer(incoming);
    const { messageId } = Push.parse(JSON.parse(body.toString())).message;
    counts.deliveries += 1;
    if (seen.has(messageId)) counts.redeliveries += 1;
    seen.add(messageId);
    const failed = failures.get(messageId);
    const early = failed ? failed.answeredAt + leastSeconds * 1_000 - performance.now() : 0;
    if (early > 1) {
      counts.heldBack += 1;
      await wait(early);
    }
    const deliveredAt = performance.now();
    lastDeliveryAt = deliveredAt;
    if (failed !== undefined) {
      shortest = Math.min(shortest, (deliveredAt - failed.answeredAt) / 1000);
      shortestFromDelivery = Math.min(shortestFromDelivery, (deliveredAt - failed.deliveredAt) / 1000);
    }
    const instances = live();
    const first = instances[turn % Math.max(1, instances.length)];
    turn += 1;
    const other = instances[turn % Math.max(1, instances.length)];
    const twice = other !== first && random.chance(mischief.duplicate);
    if (twice) counts.duplicates += 1;
    const asked = [first, ...(twice ? [other] : [])].map((instance) =>
      forward(instance, incoming, body, agent),
    );
    let status = Math.max(...(await Promise.all(asked)));
    if (status === 502) counts.unreachable += 1;
    if (status < 300 && random.chance(mischief.lostAck)) {
      counts.lostAcks += 1;
      status = 500;
    }
    if (status < 300) acknowledged.add(messageId);
    else failures.set(messageId, { deliveredAt, answeredAt: performance.now() });
    answers.set(status, (answers.get(status) ?? 0) + 1);
    return status;
  }

  const server = createServer((incoming, response) => {
    deliver(incoming).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  // An idle connection that is closed just as the emulator takes it up can leave that subscription waiting for good.
  server.keepAliveTimeout = KEEP_ALIVE_MILLISECONDS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    acknowledged,
    counts,
    answers,
    get lastDeliveryAt() {
      return lastDeliveryAt;
    },
    get shortestRedeliverySeconds() {
      return shortest;
    },
    get shortestFromDeliverySeconds() {
      return shortestFromDelivery;
    },
    disturb(probabilities) {
      mischief = { ...probabilities };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function forward(
  instance: Instance | undefined,
  incoming: IncomingMessage,
  body: Buffer,
  agent: Agent,
): Promise<number> {
  if (instance?.url === undefined) return Promise.resolve(502);
  const { promise, resolve } = Promise.withResolvers<number>();
  const outgoing = request(instance.url + (incoming.url ?? '/'), {
    method: 'POST',
    agent,
    headers: {
      'content-type': incoming.headers['content-type'] ?? 'application/json',
      'content-length': body.length,
    },
    timeout: GATEWAY_MILLISECONDS,
  });
  outgoing.on('response', (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode ?? 502));
    answer.on('error', () => resolve(502));
    answer.on('close', () => resolve(502));
  });
  outgoing.on('error', () => resolve(502));
  outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
  outgoing.end(body);
  return promise;
}
