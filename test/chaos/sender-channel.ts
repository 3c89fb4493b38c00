import { startSns, TOPIC_ARN } from '../sandbox/sns.ts';
import { until } from '../sandbox/until.ts';
import type { Channel } from './channel.ts';
import type { Random } from './random.ts';
import { SenderPusher } from './sender-pusher.ts';
import { rulesOf, type SenderName } from './sender-rules.ts';

/**
 * A channel for a sender other than Pub/Sub. The service has no dead-letter topic: rejected pushes go to the sender's own
 * dead-letter queue.
 */
export async function openSenderChannel(
  name: SenderName,
  endpoint: string,
  { leastSeconds, isBatched, random }: { leastSeconds: number; isBatched: boolean; random: Random },
): Promise<Channel> {
  const sns = await startSns();
  const rules = rulesOf(name, leastSeconds, sns, isBatched);
  // SNS signs its messages and sends no token.
  const url = name === 'sns' ? endpoint.replace(/\?.*/, '') : endpoint;
  const pusher = new SenderPusher({ endpoint: url, rules, againProbability: 0.02, random });
  return {
    name,
    forgets: false,
    publish: async (data, attributes) => pusher.publish(data, attributes),
    get deadLetters() {
      return pusher.deadLetters;
    },
    givenUp: pusher.givenUp,
    async handshake() {
      if (name === 'event-grid') await handshake(url);
      if (name !== 'sns') return;
      const { status } = await fetchAgain(url, sns.subscriptionConfirmation());
      if (status !== 204 || sns.confirmed.length === 0)
        throw new Error(`Expected the subscription to be confirmed, got ${status}.`);
    },
    redrive() {
      pusher.redrive();
      return pusher.redriven;
    },
    env: name === 'sns' ? { PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: TOPIC_ARN, SNS_ORIGIN: sns.origin } : {},
    async close() {
      pusher.stop();
      await sns.close();
    },
  };
}

async function handshake(url: string): Promise<void> {
  const headers = { 'webhook-request-origin': 'eventgrid.azure.net' };
  const answer = await fetchAgain(url, { method: 'OPTIONS', headers });
  if (answer.status !== 200 || answer.headers.get('webhook-allowed-origin') !== 'eventgrid.azure.net')
    throw new Error(`Expected the handshake to be answered, got ${answer.status}.`);
}

/** Sends a request again after a 503, as a sender does: an instance that has just started on a busy machine may answer so. */
async function fetchAgain(url: string, request: RequestInit): Promise<Response> {
  let response = await fetch(url, request);
  await until(async () => {
    if (response.status !== 503) return true;
    response = await fetch(url, request);
    return false;
  });
  return response;
}
