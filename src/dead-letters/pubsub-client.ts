import type { PubSub } from '@google-cloud/pubsub';

/** The Pub/Sub service and project to connect to. */
export interface PubSubPlace {
  /** The project of short names; by default the project of the credentials. */
  readonly projectId?: string | undefined;
  /** `host:port` of Google's Pub/Sub emulator, which needs no credentials. */
  readonly emulatorHost?: string | undefined;
}

/** Opens the client library with the environment's credentials. */
export async function openPubSub({ projectId, emulatorHost }: PubSubPlace): Promise<PubSub> {
  // Loaded on demand, because it takes 250 ms and 50 MB.
  const { PubSub } = await import('@google-cloud/pubsub');
  if (emulatorHost === undefined) return new PubSub(projectId === undefined ? {} : { projectId });
  const { PassThroughClient } = await import('google-auth-library');
  return new PubSub({
    projectId: projectId ?? 'emulator',
    apiEndpoint: emulatorHost,
    emulatorMode: true,
    // Without an auth client the library would look for Google's metadata server.
    authClient: new PassThroughClient(),
  });
}

/** The project of a full name, as in `projects/<project>/topics/<topic>`; undefined for a short one. */
export function projectOf(name: string): string | undefined {
  return /^projects\/([^/]+)\//.exec(name)?.[1];
}
