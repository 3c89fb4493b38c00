import type { PubSub, protos, v1 } from '@google-cloud/pubsub';
import { z } from 'zod';
import type { Environment } from '../../configuration/environment.ts';
import { openPubSub, projectOf } from '../../dead-letters/pubsub-client.ts';
import { Failure } from '../../outcome.ts';
import { timeOut } from '../../time-out.ts';

/** Pub/Sub for the commands; every request through `ask`, so that none lasts for ever. */
export interface Google {
  readonly client: PubSub;
  readonly subscriber: v1.SubscriberClient;
  readonly projectId: string;
  /** Google's emulator knows no rights, and signs nothing. */
  readonly emulator: boolean;
  close(): Promise<void>;
}

/** A subscription as Pub/Sub describes it. */
export type SubscriptionConfig = protos.google.pubsub.v1.ISubscription;

/** How long a request to Google may take, in milliseconds, the search for credentials included. */
export const GOOGLE_MILLISECONDS = 10_000;

/** Opens Pub/Sub with the credentials of the environment; throws a `Failure` that says how to get some. */
export async function openGoogle(environment: Environment): Promise<Google> {
  const { googleCloudProject, deadLetterTopic = '', pubsubEmulatorHost } = environment;
  const projectId = googleCloudProject ?? projectOf(deadLetterTopic);
  const client = await openPubSub({ projectId, emulatorHost: pubsubEmulatorHost });
  try {
    const options = await ask('Pub/Sub', async () => {
      // A client of the library that finds none ends the process, whoever waits for it.
      if (pubsubEmulatorHost === undefined) await client.auth.getClient();
      return client.getClientConfig();
    });
    const { v1 } = await import('@google-cloud/pubsub');
    const subscriber = new v1.SubscriberClient({ ...options });
    return {
      client,
      subscriber,
      projectId: client.projectId,
      emulator: pubsubEmulatorHost !== undefined,
      async close() {
        await Promise.allSettled([subscriber.close(), client.close()]);
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Asks Google for something, within its time. Throws a `Failure` that names `what` and says what to do. */
export async function ask<T>(
  what: string,
  request: () => Promise<T>,
  milliseconds: number = GOOGLE_MILLISECONDS,
): Promise<T> {
  try {
    return await timeOut(request(), milliseconds, () => {
      throw unreachable(what);
    });
  } catch (error) {
    throw error instanceof Failure ? error : failureOf(error, what);
  }
}

/** As `ask`, and undefined for what does not exist. */
export async function find<T>(what: string, request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask(what, request);
  } catch (error) {
    if (error instanceof Failure && error.reason === 'google-not-found') return undefined;
    throw error;
  }
}

const GrpcError = z.object({ code: z.number() });

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const [INVALID, DEADLINE, NOT_FOUND, DENIED, PRECONDITION, UNAVAILABLE, UNAUTHENTICATED] = [
  3, 4, 5, 7, 9, 14, 16,
];

function failureOf(error: unknown, what: string): Failure {
  switch (GrpcError.safeParse(error).data?.code) {
    case NOT_FOUND:
      return new Failure('google-not-found', `Google has no ${what}; run \`customer-sync provision\`.`);
    case DENIED:
      return new Failure(
        'google-permission-missing',
        `Google denied the right for ${what}; give the account that the command runs as the role roles/pubsub.admin.`,
      );
    case DEADLINE:
    case UNAVAILABLE:
      return unreachable(what);
    case INVALID:
    case PRECONDITION:
      return new Failure('google-refused', `Google refused ${what}; look at its name and settings.`);
    case UNAUTHENTICATED:
    case undefined:
      return new Failure(
        'google-credentials',
        `Expected credentials of Google for ${what}, found none that work; run \`gcloud auth application-default login\`, and set GOOGLE_CLOUD_PROJECT.`,
      );
    default:
      return new Failure('google-error', `Google answered ${what} with an error; try again.`);
  }
}

function unreachable(what: string): Failure {
  return new Failure(
    'google-unreachable',
    `Google did not answer for ${what} in time; look at the network and PUBSUB_EMULATOR_HOST, and try again.`,
  );
}
