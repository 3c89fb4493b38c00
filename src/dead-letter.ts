import type { PubSub, Topic } from '@google-cloud/pubsub';
import type { Delivery, Event } from './event.ts';
import type { Log } from './log.ts';
import { Failure } from './outcome.ts';
import { openPubSub, projectOf } from './pubsub-client.ts';

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
/** What Pub/Sub takes: https://cloud.google.com/pubsub/quotas#resource_limits */
const MOST_ATTRIBUTES = 100;
const LONGEST_VALUE_BYTES = 1_024;

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
    async park(delivery, event, grounds) {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      const timeIsUp = Promise.withResolvers<never>();
      const timer = setTimeout(() => timeIsUp.reject(new Error('timeout')), PARK_MILLISECONDS);
      try {
        const { publisher } = await opened;
        const message = { data: delivery.data, attributes: attributesOf(delivery, event, grounds) };
        await Promise.race([publisher.publishMessage(message), timeIsUp.promise]);
      } catch (error) {
        log.error({ err: error, topic, event: event?.identity }, 'A dead letter could not be parked.');
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

/** The sender's own attributes and ours, which win, within what Pub/Sub takes: a dead letter that it refuses is no help. */
function attributesOf(delivery: Delivery, event: Event | undefined, { reason, detail, route }: Grounds) {
  const { resource } = event ?? {};
  const ours = {
    reason,
    detail,
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
    value === undefined ? [] : [[name, cut(value)] as const],
  );
  // Names that begin with `goog` are Pub/Sub's own, and refused when another sets them.
  const theirs = Object.entries(delivery.attributes).filter(([name]) => !name.startsWith('goog'));
  return Object.fromEntries([...theirs.slice(0, MOST_ATTRIBUTES - said.length), ...said]);
}

/** Cuts a text to the bytes that Pub/Sub takes, without half a character at the end. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_VALUE_BYTES) return text;
  return bytes.toString('utf8', 0, LONGEST_VALUE_BYTES).replace(/\uFFFD+$/, '');
}
