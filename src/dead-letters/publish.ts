import type { PubSub, Topic } from '@google-cloud/pubsub';
import type { Delivery, Event } from '../notification/event.ts';
import type { Log } from '../observe/log.ts';
import { Failure } from '../outcome.ts';
import { attributesOf, type DeadLetterReason } from './attributes.ts';
import { openPubSub, projectOf } from './pubsub-client.ts';

/** Publishes events that can never work to a Pub/Sub topic: the notification as it came, the reason in the attributes. */
export interface DeadLetters {
  /** Returns when Pub/Sub has it; throws `Failure` when that cannot be had in time. */
  publish(delivery: Delivery, event: Event | undefined, reason: DeadLetterReason): Promise<void>;
  close(): Promise<void>;
}

/** Where dead letters go. */
export interface DeadLetterTopic {
  /** A short name, or `projects/<project>/topics/<topic>`. */
  readonly topic: string;
  /** The project of a short name; the one that the credentials belong to when left out. */
  readonly projectId?: string | undefined;
  /** `host:port` of Google's Pub/Sub emulator, which asks for no credentials. */
  readonly emulatorHost?: string | undefined;
}

const PARK_MILLISECONDS = 5_000;

/** Opens the topic with the first dead letter, not before. */
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
      const timeIsUp = Promise.withResolvers<never>();
      const timer = setTimeout(() => timeIsUp.reject(new Error('timeout')), PARK_MILLISECONDS);
      try {
        const { publisher } = await opened;
        const message = { data: delivery.data, attributes: attributesOf(delivery, event, reason) };
        await Promise.race([publisher.publishMessage(message), timeIsUp.promise]);
      } catch (error) {
        log.error({ err: error, topic, event: event?.identity }, 'A dead letter could not be published.');
        throw new Failure(
          'dead-letter-failed',
          'The event was rejected, and its dead letter could not be published.',
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
