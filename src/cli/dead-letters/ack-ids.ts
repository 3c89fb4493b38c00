import { z } from 'zod';
import type { DeadLetter } from '../../dead-letters/read.ts';
import { requestGoogle } from '../google/client.ts';

const IDS_A_REQUEST = 500;

/** Only a subscription with exactly-once delivery says so. https://cloud.google.com/pubsub/docs/exactly-once-delivery */
const Refused = z.object({
  reason: z.literal('EXACTLY_ONCE_ACKID_FAILURE'),
  errorInfoMetadata: z.record(z.string(), z.string()),
});

/**
 * Sends the ack ids of the letters, 500 a request; returns the letters whose id Pub/Sub did not refuse. Throws a `Failure` when
 * Google refuses the request.
 */
export async function sendAckIds(
  what: string,
  letters: readonly DeadLetter[],
  request: (ackIds: string[]) => Promise<unknown>,
): Promise<DeadLetter[]> {
  const taken: DeadLetter[] = [];
  for (let start = 0; start < letters.length; start += IDS_A_REQUEST) {
    const some = letters.slice(start, start + IDS_A_REQUEST);
    const refused = await requestGoogle(what, () =>
      request(some.map(({ ackId }) => ackId)).then(() => new Set<string>(), refusedIds),
    );
    taken.push(...some.filter(({ ackId }) => !refused.has(ackId)));
  }
  return taken;
}

function refusedIds(error: unknown): Set<string> {
  const refused = Refused.safeParse(error);
  if (!refused.success) throw error;
  return new Set(Object.keys(refused.data.errorInfoMetadata));
}
