import { isDeepStrictEqual } from 'node:util';
import type { protos } from '@google-cloud/pubsub';
import type { Environment } from '../../configuration/environment.ts';
import type { SubscriptionConfig } from './client.ts';
import type { Names } from './names.ts';

/** The settings of a push subscription that `provision` writes and `doctor` compares. Only `endpoint` may contain a secret. */
export interface PushSettings {
  readonly ackDeadlineSeconds: number;
  readonly minimumBackoffSeconds: number | undefined;
  readonly maximumBackoffSeconds: number | undefined;
  readonly deadLetterTopic: string | undefined;
  readonly maxDeliveryAttempts: number | undefined;
  readonly neverExpires: boolean;
  readonly endpoint: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly audience: string | undefined;
}

/** Pub/Sub's limits: 10 to 600 for ack deadlines, at most 600 for retry delays. */
const MIN_SECONDS = 10;
const MAX_SECONDS = 600;
const ATTEMPTS = 100;
const RETENTION_SECONDS = 7 * 86_400;

/** The settings for this environment. `endpoint` is the service's URL; `/push` is added where it has no path. */
export function wantedSettings(
  { ackDeadlineSeconds, duplicateMemorySeconds, pushAuth }: Environment,
  { deadLetterTopic }: Names,
  endpoint: string | undefined,
): PushSettings {
  return {
    ackDeadlineSeconds: Math.max(MIN_SECONDS, ackDeadlineSeconds),
    minimumBackoffSeconds: Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, duplicateMemorySeconds)),
    maximumBackoffSeconds: MAX_SECONDS,
    deadLetterTopic,
    maxDeliveryAttempts: ATTEMPTS,
    neverExpires: true,
    endpoint: endpoint === undefined ? undefined : pushUrl(endpoint, pushAuth),
    serviceAccount: pushAuth.kind === 'oidc' ? pushAuth.serviceAccount : undefined,
    audience: pushAuth.kind === 'oidc' ? pushAuth.audience : undefined,
  };
}

/** The settings of an existing subscription. */
export function settingsOf(found: SubscriptionConfig): PushSettings {
  const { pushConfig, retryPolicy, deadLetterPolicy, expirationPolicy } = found;
  return {
    ackDeadlineSeconds: found.ackDeadlineSeconds ?? MIN_SECONDS,
    minimumBackoffSeconds: secondsOf(retryPolicy?.minimumBackoff),
    maximumBackoffSeconds: secondsOf(retryPolicy?.maximumBackoff),
    deadLetterTopic: deadLetterPolicy?.deadLetterTopic || undefined,
    maxDeliveryAttempts: deadLetterPolicy?.maxDeliveryAttempts || undefined,
    // Without a policy a subscription expires after 31 days; with a policy without a time it never expires.
    neverExpires: Boolean(expirationPolicy) && secondsOf(expirationPolicy?.ttl) === undefined,
    endpoint: pushConfig?.pushEndpoint || undefined,
    serviceAccount: pushConfig?.oidcToken?.serviceAccountEmail || undefined,
    audience: pushConfig?.oidcToken?.audience || undefined,
  };
}

/** Returns the names of the settings that differ. */
export function differingSettings(wanted: PushSettings, found: PushSettings): (keyof PushSettings)[] {
  return SETTINGS.filter((name) => !isDeepStrictEqual(wanted[name], found[name]));
}

/** Converts settings to the format of Pub/Sub's API. */
export function configOf(settings: PushSettings): SubscriptionConfig {
  const { serviceAccount, audience } = settings;
  return {
    ackDeadlineSeconds: settings.ackDeadlineSeconds,
    retryPolicy: {
      minimumBackoff: { seconds: settings.minimumBackoffSeconds ?? null },
      maximumBackoff: { seconds: settings.maximumBackoffSeconds ?? null },
    },
    deadLetterPolicy: {
      deadLetterTopic: settings.deadLetterTopic ?? null,
      maxDeliveryAttempts: settings.maxDeliveryAttempts ?? null,
    },
    expirationPolicy: {},
    pushConfig: {
      pushEndpoint: settings.endpoint ?? null,
      ...(serviceAccount && {
        oidcToken: { serviceAccountEmail: serviceAccount, audience: audience ?? null },
      }),
    },
  };
}

/** Fields that are set when a push subscription is created, and never changed afterwards. */
export const NEW_SUBSCRIPTION: SubscriptionConfig = {
  messageRetentionDuration: { seconds: RETENTION_SECONDS },
};

/** Returns the paths of Pub/Sub's update mask for these settings. */
export function maskOf(names: readonly (keyof PushSettings)[]): string[] {
  return [...new Set(names.map((name) => PATHS[name]))];
}

/** Formats a setting for output, without the query of a URL, which may contain a token. */
export function shownSetting(name: keyof PushSettings, { [name]: value }: PushSettings): string {
  if (value === undefined) return 'none';
  return name === 'endpoint' ? (String(value).split('?')[0] ?? '') : String(value);
}

const PATHS = {
  ackDeadlineSeconds: 'ack_deadline_seconds',
  minimumBackoffSeconds: 'retry_policy',
  maximumBackoffSeconds: 'retry_policy',
  deadLetterTopic: 'dead_letter_policy',
  maxDeliveryAttempts: 'dead_letter_policy',
  neverExpires: 'expiration_policy',
  endpoint: 'push_config',
  serviceAccount: 'push_config',
  audience: 'push_config',
} as const satisfies Record<keyof PushSettings, string>;

const SETTINGS = [
  'ackDeadlineSeconds',
  'minimumBackoffSeconds',
  'maximumBackoffSeconds',
  'deadLetterTopic',
  'maxDeliveryAttempts',
  'neverExpires',
  'endpoint',
  'serviceAccount',
  'audience',
] as const satisfies (keyof PushSettings)[];

function secondsOf(duration: protos.google.protobuf.IDuration | null | undefined): number | undefined {
  if (!duration) return undefined;
  return Number(duration.seconds ?? 0) + Number(duration.nanos ?? 0) / 1e9;
}

function pushUrl(endpoint: string, auth: Environment['pushAuth']): string {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/push';
  const [token] = auth.kind === 'token' ? auth.tokens : [];
  if (token !== undefined && !url.searchParams.has('token')) url.searchParams.set('token', token);
  return url.href;
}
