import {
  createPushSubscription,
  type PubSubEmulator,
  startPubSubEmulator,
} from '../sandbox/pubsub-emulator.ts';
import { type DeadLetter, startDeadLetterTopic } from './dead-letter-topic.ts';
import type { PusherChoice } from './options.ts';
import { Pusher } from './pusher.ts';
import type { Random } from './random.ts';
import { openSenderChannel } from './sender-channel.ts';
import { SENDERS } from './sender-rules.ts';

/**
 * The shortest retry delay must not be below the service's ACK_DEADLINE_SECONDS. An instance that dies between writing an
 * older version and checking it is healed by the redelivery of its event. That redelivery must find neither a run that is
 * still in flight elsewhere (it ends with the deadline) nor a memory from before the write (DUPLICATE_MEMORY_SECONDS).
 */
export const SERVICE_DEADLINE_SECONDS = 3;
const SUBSCRIPTION = {
  ackDeadlineSeconds: 10,
  minimumBackoffSeconds: SERVICE_DEADLINE_SECONDS,
  maximumBackoffSeconds: 5,
  maxDeliveryAttempts: 100,
} as const;

/** As long as some pushes fail, the emulator makes little more than one at a time; several subscriptions keep it busy. */
const EMULATOR_SUBSCRIPTIONS = 24;

/** A topic with a push subscription, and the topic for dead letters. */
export interface Channel {
  /** Which pusher it is, in words for the report. */
  readonly name: string;
  /** Whether it may leave a message undelivered for good, as the emulator does at times and Pub/Sub never. */
  readonly forgets: boolean;
  /** Resolves with the message id. */
  publish(data: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  readonly deadLetters: readonly DeadLetter[];
  /** The ids of what the sender itself has given up, for good. */
  readonly givenUp?: ReadonlySet<string>;
  /** To be called when the service listens, and before anything is published. */
  handshake?(): Promise<void>;
  /** Sends what the sender has given up because of a passing trouble once more; returns how many that were so far. */
  redrive?(): number;
  /** What tells the service of its dead-letter topic. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Opens the channel; throws when the emulator is asked for and missing. */
export async function openChannel(
  choice: PusherChoice,
  endpoint: string,
  random: Random,
  isBatched: boolean,
): Promise<Channel> {
  const sender = SENDERS.find((name) => name === choice);
  if (sender)
    return openSenderChannel(sender, endpoint, { leastSeconds: SERVICE_DEADLINE_SECONDS, isBatched, random });
  if (choice === 'own') return ownChannel('own pusher', endpoint, random);
  const emulator = await startPubSubEmulator();
  if ('missing' in emulator) {
    if (choice === 'emulator') throw new Error(emulator.missing);
    return ownChannel(`own pusher (${emulator.missing})`, endpoint, random);
  }
  try {
    return await emulatorChannel(emulator, endpoint, random);
  } catch (error) {
    await emulator.stop();
    throw error;
  }
}

async function emulatorChannel(emulator: PubSubEmulator, endpoint: string, random: Random): Promise<Channel> {
  const names = Array.from({ length: EMULATOR_SUBSCRIPTIONS }, (_, index) => `customers-${index}`);
  const channels = await Promise.all(
    names.map((topic) => createPushSubscription(emulator, { ...SUBSCRIPTION, topic, endpoint })),
  );
  return {
    name: `Google's Pub/Sub emulator, ${EMULATOR_SUBSCRIPTIONS} subscriptions`,
    forgets: true,
    publish: (data, attributes) => random.pick(channels).publish(data, { ...attributes }),
    get deadLetters() {
      return channels.flatMap(({ deadLetters }) => deadLetters);
    },
    env: {
      DEAD_LETTER_TOPIC: random.pick(channels).deadLetterTopic,
      PUBSUB_EMULATOR_HOST: emulator.host,
    },
    async close() {
      await Promise.all(channels.map((channel) => channel.close())).finally(() => emulator.stop());
    },
  };
}

async function ownChannel(name: string, endpoint: string, random: Random): Promise<Channel> {
  const topic = await startDeadLetterTopic();
  const byPolicy: DeadLetter[] = [];
  const pusher = new Pusher({
    ...SUBSCRIPTION,
    endpoint,
    random,
    againProbability: 0.02,
    onDeadLetter: (message) => byPolicy.push(message),
  });
  return {
    name,
    forgets: false,
    publish: async (data, attributes) => pusher.publish(data, attributes),
    get deadLetters() {
      return [...topic.letters, ...byPolicy];
    },
    env: { DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters', PUBSUB_EMULATOR_HOST: topic.host },
    async close() {
      pusher.stop();
      await topic.close();
    },
  };
}
