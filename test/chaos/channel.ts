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
 * The shortest retry delay must be at least the service's ACK_DEADLINE_SECONDS. If an instance dies between writing an older
 * version and checking it, the redelivery of its event corrects that. By then, no other run of the event may be in flight (it
 * ends at the deadline), and no memory may be older than the write (DUPLICATE_MEMORY_SECONDS).
 */
export const SERVICE_DEADLINE_SECONDS = 3;
const SUBSCRIPTION = {
  ackDeadlineSeconds: 10,
  minimumBackoffSeconds: SERVICE_DEADLINE_SECONDS,
  maximumBackoffSeconds: 5,
  maxDeliveryAttempts: 100,
} as const;

/**
 * While some pushes fail, the emulator sends little more than one push at a time; several subscriptions keep the service busy.
 */
const EMULATOR_SUBSCRIPTIONS = 24;

/** A topic with a push subscription, and the topic for dead letters. */
export interface Channel {
  /** The name of the pusher in the report. */
  readonly name: string;
  /** True if it may never deliver a message, which the emulator does sometimes and Pub/Sub never. */
  readonly forgets: boolean;
  /** Resolves with the message id. */
  publish(data: string, attributes?: Readonly<Record<string, string>>): Promise<string>;
  readonly deadLetters: readonly DeadLetter[];
  /** The ids of the messages that the sender has given up finally. */
  readonly givenUp?: ReadonlySet<string>;
  /** Call it when the service listens, before anything is published. */
  handshake?(): Promise<void>;
  /** Sends the messages again that the sender gave up because of a temporary failure; returns their number so far. */
  redrive?(): number;
  /** The environment variables for the dead-letter topic. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Opens the channel; throws if the emulator is selected and not installed. */
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
