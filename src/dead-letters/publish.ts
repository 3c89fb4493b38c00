import type { PubSub, Topic } from '@google-cloud/pubsub';
import type { Delivery, Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import { Failure } from '../outcome.ts';
import { timeOut } from '../time-out.ts';
import { attributesOf, type DeadLetterReason } from './attributes.ts';
import { openPubSub, projectOf } from './pubsub-client.ts';

/** Publishes rejected notifications to a Pub/Sub topic, unchanged, with the reason in the attributes. */
export interface DeadLetters {
  /** Returns when Pub/Sub has accepted it; throws a `Failure` if it does not in time. */
  publish(delivery: Delivery, event: Event | undefined, reason: DeadLetterReason): Promise<void>;
  close(): Promise<void>;
}

/** Where dead letters go. */
export interface DeadLetterTopic {
  /** A short name, or `projects/<project>/topics/<topic>`. */
  readonly topic: string;
  /** The project of a short name; by default the project of the credentials. */
  readonly projectId?: string | undefined;
  /** `host:port` of Google's Pub/Sub emulator, which needs no credentials. */
  readonly emulatorHost?: string | undefined;
}

const PUBLISH_MILLISECONDS = 5_000;

/** Creates the publisher; it connects with the first dead letter. */
export function createDeadLetters(where: DeadLetterTopic, log: Log): DeadLetters {
  const { topic } = where;
  let opened: Promise<{ client: PubSub; publisher: Topic }> | undefined;

  async function open() {
    const client = await openPubSub({
      projectId: projectOf(topic) ?? where.projectId,
      emulatorHost: where.emulatorHost,
    });
    return { client, publisher: client.topic(topic, { batching: { maxMessages: 1 } }) };
  }

  return {
    async publish(delivery, event, reason) {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      try {
        // The first dead letter loads the client library. On a busy machine that takes seconds, which do not count for Pub/Sub.
        const { publisher } = await opened;
        const attributes = attributesOf(delivery, event, reason);
        const publishing = publisher.publishMessage({ data: delivery.data, attributes });
        await timeOut(publishing, PUBLISH_MILLISECONDS, () => {
          throw new Error('timeout');
        });
      } catch (error) {
        log.error({ err: error, topic, event: event?.identity }, 'A dead letter could not be published.');
        throw new Failure(
          'dead-letter-failed',
          'The event was rejected, and its dead letter could not be published.',
        );
      }
    },
    async close() {
      await (await opened)?.client.close();
    },
  };
}
