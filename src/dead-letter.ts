import type { PubSub, Topic } from '@google-cloud/pubsub';
import type { Delivery, Event } from './event.ts';
import type { Log } from './log.ts';
import { Failure } from './outcome.ts';

/** Why an event was given up, in the words of its outcome. */
export interface Grounds {
  readonly reason: string;
  readonly detail: string;
  readonly route?: string | undefined;
}

/** Parks events that can never work in a Pub/Sub topic: the notification as it came, the reason in the attributes. */
export interface DeadLetters {
  /** Returns when Pub/Sub has it; throws `Failure` when that cannot be had in time. */
  park(delivery: Delivery, event: Event | undefined, grounds: Grounds): Promise<void>;
  close(): Promise<void>;
}

const PARK_MILLISECONDS = 5_000;

/** `topic` is a short name, with the project from the environment, or `projects/<project>/topics/<topic>`. */
export function createDeadLetters(topic: string, log: Log): DeadLetters {
  let opened: Promise<{ client: PubSub; publisher: Topic }> | undefined;

  async function open() {
    // 250 ms and 50 MB: only where an event is really parked.
    const { PubSub } = await import('@google-cloud/pubsub');
    const client = new PubSub();
    return { client, publisher: client.topic(topic, { batching: { maxMessages: 1 } }) };
  }

  return {
    async park(delivery, event, grounds) {
      opened ??= open();
      const timeIsUp = Promise.withResolvers<never>();
      const timer = setTimeout(() => timeIsUp.reject(new Error('timeout')), PARK_MILLISECONDS);
      try {
        const { publisher } = await opened;
        const message = { data: delivery.data, attributes: attributesOf(delivery, event, grounds) };
        await Promise.race([publisher.publishMessage(message), timeIsUp.promise]);
      } catch (error) {
        log.error({ err: error, topic }, 'A dead letter could not be parked.');
        throw new Failure(
          'parking-failed',
          'The event was rejected, and its dead letter could not be parked.',
        );
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      await (await opened)?.client.close();
    },
  };
}

/** Pub/Sub allows 100 attributes of 1,024 bytes; the sender's own come first so that none of ours is overwritten. */
function attributesOf(delivery: Delivery, event: Event | undefined, { reason, detail, route }: Grounds) {
  const { resource } = event ?? {};
  const ours = {
    reason,
    detail: detail.slice(0, 300),
    route,
    identity: event?.identity,
    kind: event?.kind,
    resource: resource && `${resource.typeId}/${resource.id}`,
    version: event?.version?.toString(),
    projectKey: event?.projectKey,
    occurredAt: event?.occurredAt,
    messageId: delivery.messageId,
    publishTime: delivery.publishTime,
    parkedAt: new Date().toISOString(),
  };
  const said = Object.entries(ours).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { ...delivery.attributes, ...Object.fromEntries(said) };
}
