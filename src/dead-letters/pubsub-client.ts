import type { PubSub } from '@google-cloud/pubsub';

/** Which Pub/Sub, and whose. */
export interface PubSubPlace {
  /** The project of short names; the one that the credentials belong to when left out. */
  readonly projectId?: string | undefined;
  /** `host:port` of Google's Pub/Sub emulator, which asks for no credentials. */
  readonly emulatorHost?: string | undefined;
}

/** The client library, with the credentials that the environment has. */
export async function openPubSub({ projectId, emulatorHost }: PubSubPlace): Promise<PubSub> {
  // 250 ms and 50 MB: only where Pub/Sub is really asked.
  const { PubSub } = await import('@google-cloud/pubsub');
  if (emulatorHost === undefined) return new PubSub(projectId === undefined ? {} : { projectId });
  const { PassThroughClient } = await import('google-auth-library');
  return new PubSub({
    projectId: projectId ?? 'emulator',
    apiEndpoint: emulatorHost,
    emulatorMode: true,
    // With no client of its own to authenticate with, the library asks for Google's metadata server.
    authClient: new PassThroughClient(),
  });
}

/** The project of a full name, as in `projects/<project>/topics/<topic>`; undefined for a short one. */
export function projectOf(name: string): string | undefined {
  return /^projects\/([^/]+)\//.exec(name)?.[1];
}
