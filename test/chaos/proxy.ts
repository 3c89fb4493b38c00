import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Instance } from './instances.ts';
import type { Random } from './random.ts';
import { MESSAGES_HEADER } from './sender-pusher.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const GONE: Answer = { status: 502, headers: {}, body: Buffer.alloc(0) };
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

  async function deliver(incoming: IncomingMessage): Promise<Answer> {
    const body = await buffer(incoming);
    const messageIds = messagesOf(incoming, body);
    counts.deliveries += 1;
    if (messageIds.some((id) => seen.has(id))) counts.redeliveries += 1;
    for (const id of messageIds) seen.add(id);
    // Of a batch the last failure counts.
    const [failed] = messageIds
      .flatMap((id) => failures.get(id) ?? [])
      .sort((one, other) => other.answeredAt - one.answeredAt);
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
    const found = await Promise.all(asked);
    const worst = found.reduce((one, other) => (one.status >= other.status ? one : other));
    let { status } = worst;
    if (status === 502) counts.unreachable += 1;
    if (status < 300 && random.chance(mischief.lostAck)) {
      counts.lostAcks += 1;
      status = 500;
    }
    const answeredAt = performance.now();
    for (const id of messageIds)
      if (status < 300) acknowledged.add(id);
      else failures.set(id, { deliveredAt, answeredAt });
    answers.set(status, (answers.get(status) ?? 0) + 1);
    return { ...worst, status };
  }

  const server = createServer((incoming, response) => {
    deliver(incoming).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
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

/** A handshake has none. */
function messagesOf({ headers, method }: IncomingMessage, body: Buffer): string[] {
  const named = headers[MESSAGES_HEADER];
  if (typeof named === 'string') return named.split(',');
  if (method !== 'POST' || headers['x-amz-sns-message-type'] !== undefined) return [];
  return [Push.parse(JSON.parse(body.toString())).message.messageId];
}

function forward(
  instance: Instance | undefined,
  incoming: IncomingMessage,
  body: Buffer,
  agent: Agent,
): Promise<Answer> {
  if (instance?.url === undefined) return Promise.resolve(GONE);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const { host: _, connection: __, ...headers } = incoming.headers;
  const outgoing = request(instance.url + (incoming.url ?? '/'), {
    method: incoming.method,
    agent,
    headers: { 'content-type': 'application/json', ...headers, 'content-length': body.length },
    timeout: GATEWAY_MILLISECONDS,
  });
  outgoing.on('response', (answer) => {
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = answer.headers;
    buffer(answer).then(
      (body) => resolve({ status: answer.statusCode ?? 502, headers, body }),
      () => resolve(GONE),
    );
  });
  outgoing.on('error', () => resolve(GONE));
  outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
  outgoing.end(body);
  return promise;
}
