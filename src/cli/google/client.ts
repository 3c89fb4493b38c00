import type { PubSub, protos, v1 } from '@google-cloud/pubsub';
import { z } from 'zod';
import type { Environment } from '../../configuration/environment.ts';
import { openPubSub, projectOf } from '../../dead-letters/pubsub-client.ts';
import { Failure } from '../../outcome.ts';
import { timeOut } from '../../time-out.ts';

/** Pub/Sub for the commands. Send every request through `requestGoogle`, which has a time-out. */
export interface Google {
  readonly client: PubSub;
  readonly subscriber: v1.SubscriberClient;
  readonly projectId: string;
  /** True for Google's emulator, which has no permissions and does not sign its pushes. */
  readonly emulator: boolean;
  close(): Promise<void>;
}

/** A subscription as Pub/Sub describes it. */
export type SubscriptionConfig = protos.google.pubsub.v1.ISubscription;

/** The time-out of a request to Google in milliseconds, including the search for credentials. */
export const GOOGLE_MILLISECONDS = 10_000;

/** Opens Pub/Sub with the credentials of the environment; throws a `Failure` with advice where there are none. */
export async function openGoogle(environment: Environment): Promise<Google> {
  const { googleCloudProject, deadLetterTopic = '', pubsubEmulatorHost } = environment;
  const projectId = googleCloudProject ?? projectOf(deadLetterTopic);
  const client = await openPubSub({ projectId, emulatorHost: pubsubEmulatorHost });
  try {
    const options = await requestGoogle('Pub/Sub', async () => {
      // Without credentials the library throws an uncaught error, which would end the process.
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

/** Sends a request to Google, with a time-out. Throws a `Failure` that names `what` and says what to do. */
export async function requestGoogle<T>(
  what: string,
  send: () => Promise<T>,
  milliseconds: number = GOOGLE_MILLISECONDS,
): Promise<T> {
  try {
    return await timeOut(send(), milliseconds, () => {
      throw unreachable(what);
    });
  } catch (error) {
    throw error instanceof Failure ? error : failureOf(error, what);
  }
}

/** Like `requestGoogle`, but returns undefined for a resource that does not exist. */
export async function find<T>(what: string, send: () => Promise<T>): Promise<T | undefined> {
  try {
    return await requestGoogle(what, send);
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
        `Google denied the permission for ${what}; grant roles/pubsub.admin to the account that the command runs as.`,
      );
    case DEADLINE:
    case UNAVAILABLE:
      return unreachable(what);
    case INVALID:
    case PRECONDITION:
      return new Failure('google-refused', `Google refused ${what}; check its name and settings.`);
    case UNAUTHENTICATED:
    case undefined:
      return new Failure(
        'google-credentials',
        `Expected Google credentials for ${what}, found none that work; run \`gcloud auth application-default login\`, and set GOOGLE_CLOUD_PROJECT.`,
      );
    default:
      return new Failure('google-error', `Google answered the request for ${what} with an error; try again.`);
  }
}

function unreachable(what: string): Failure {
  return new Failure(
    'google-unreachable',
    `Google did not answer the request for ${what} in time; check the network and PUBSUB_EMULATOR_HOST, and try again.`,
  );
}
