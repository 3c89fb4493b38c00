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

/** The responses to pushes, and the faults that the proxy injected. */
export interface PushProxy {
  readonly url: string;
  /** The ids of the messages with a 2xx response, which Pub/Sub treats as acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  readonly counts: {
    deliveries: number;
    redeliveries: number;
    duplicates: number;
    lostAcks: number;
    unreachable: number;
    heldBack: number;
  };
  /** A time of `performance.now()`. */
  readonly lastDeliveryAt: number;
  readonly answers: ReadonlyMap<number, number>;
  /**
   * The shortest time between the response to a failed delivery and the next delivery of the message; `Infinity` without any.
   */
  readonly shortestRedeliverySeconds: number;
  /** The same, measured from the start of the failed delivery. */
  readonly shortestFromDeliverySeconds: number;
  /** The probabilities of the faults; 0 for all ends them. */
  disturb(probabilities: { duplicate: number; lostAck: number }): void;
  close(): Promise<void>;
}

/**
 * Balances pushes over the living instances like a load balancer: round robin, 502 for an instance that is gone. A duplicate is
 * the same push at two instances at once, answered with the worse of the two responses. If Pub/Sub got both, it would treat the
 * message as acknowledged although the other instance might have died between a write and its check; the service does not
 * promise to survive that. A lost ack is answered 500 although the instance answered 204. The emulator makes the first
 * redelivery after one second, whatever the retry policy is; the proxy delays it until `leastSeconds` after the response, as
 * Pub/Sub would.
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
  let faultRates = { duplicate: 0, lostAck: 0 };
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
    // The last failure of a batch counts.
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
    const twice = other !== first && random.chance(faultRates.duplicate);
    if (twice) counts.duplicates += 1;
    const responses = [first, ...(twice ? [other] : [])].map((instance) =>
      forward(instance, incoming, body, agent),
    );
    const found = await Promise.all(responses);
    const worst = found.reduce((one, other) => (one.status >= other.status ? one : other));
    let { status } = worst;
    if (status === 502) counts.unreachable += 1;
    if (status < 300 && random.chance(faultRates.lostAck)) {
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
  // If an idle connection is closed just when the emulator uses it, that subscription may wait for ever.
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
      faultRates = { ...probabilities };
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

/** A handshake has no message ids. */
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
