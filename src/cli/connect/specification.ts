import { stringify } from 'yaml';
import type { z } from 'zod';
import { documented } from '../../configuration/variables.ts';

/** The name of the app, which is also that of its folder. */
export const APP = 'customer-sync';

/** Variables that Connect sets, or that follow from those it sets. */
const GIVEN = ['CTP_CLIENT_ID', 'CTP_CLIENT_SECRET', 'CTP_AUTH_URL', 'CTP_API_URL', 'CTP_SCOPES'];
/** Variables of the service that mean nothing on Connect: it fixes the port, pushes by itself and has no topic of ours. */
const MEANINGLESS = new Set([
  'PORT',
  'HOST',
  'NODE_ENV',
  'CONNECTOR_CONFIG',
  'HANDLERS_DIR',
  'ACKNOWLEDGE',
  'DEAD_LETTER_TOPIC',
  'GOOGLE_CLOUD_PROJECT',
  'PUBSUB_EMULATOR_HOST',
]);
/** Excluded, because Connect documents no authentication of its pushes. */
const OF_SENDERS = /^(PUSH|SNS|EVENT_GRID|EVENTGRID)_/;
const SECRET = /SECRET|PASSWORD|TOKEN/;

/** A variable that is set when the connector is installed. */
interface Key {
  readonly key: string;
  readonly description: string;
  readonly required: boolean;
  readonly default?: string;
}

/**
 * `connect.yaml`: one event application, whose keys are the variables of the connector file and those of the service. The API
 * client is made by Connect, with the scopes that the service and its scripts need.
 */
export function connectYaml(connectorText: string, resourceTypes: readonly string[]): string {
  const keys = [...connectorKeys(connectorText), ...serviceKeys()];
  return stringify(
    {
      deployAs: [
        {
          name: APP,
          applicationType: 'event',
          endpoint: '/push',
          scripts: {
            postDeploy: 'npm run connector:post-deploy',
            preUndeploy: 'npm run connector:pre-undeploy',
          },
          healthCheck: {
            path: '/health/live',
            intervalSeconds: 10,
            timeoutSeconds: 5,
            unhealthyThreshold: 3,
          },
          // Enough attempts for an outage of hours; a rejected push ends after them.
          retryPolicy: {
            strategy: 'exponential-backoff',
            minBackoffSeconds: 10,
            maxBackoffSeconds: 600,
            maxAttempts: 100,
          },
          configuration: {
            standardConfiguration: keys.filter(({ key }) => !isSecret(key)),
            // A secured key has no default.
            securedConfiguration: keys
              .filter(({ key }) => isSecret(key))
              .map(({ key, description, required }) => ({ key, description, required })),
          },
        },
      ],
      inheritAs: { apiClient: { scopes: [...scopesFor(resourceTypes), 'manage_subscriptions'] } },
    },
    { lineWidth: 0 },
  );
}

function connectorKeys(text: string): Key[] {
  const named = text.replaceAll(/^\s*#.*$/gm, '').matchAll(/\$\{([A-Z][A-Z0-9_]*)(:-([^}]*))?\}/g);
  const keys = new Map<string, Key>();
  for (const [, key = '', optional, fallback] of named) {
    if (GIVEN.includes(key) || keys.has(key)) continue;
    const description = `${key}, a variable of the connector file.`;
    keys.set(key, {
      key,
      description,
      required: optional === undefined,
      ...(fallback && { default: fallback }),
    });
  }
  return [...keys.values()];
}

function serviceKeys(): Key[] {
  return Object.entries(documented)
    .filter(([key]) => !MEANINGLESS.has(key) && !OF_SENDERS.test(key))
    .map(([key, schema]) => {
      const value = defaultOf(schema);
      const description = schema.description ?? key;
      return { key, description, required: false, ...(value !== undefined && { default: value }) };
    });
}

function defaultOf(schema: z.ZodType): string | undefined {
  const result = schema.safeParse(undefined);
  return result.success && result.data !== undefined ? String(result.data) : undefined;
}

function isSecret(key: string): boolean {
  return SECRET.test(key);
}

/** Resources whose scope has the name of another one. https://docs.commercetools.com/api/scopes */
const SCOPE_OF: Readonly<Record<string, string>> = {
  cart: 'order',
  'inventory-entry': 'product',
  'product-type': 'product',
  review: 'product',
};

/** `view_customers`, `view_orders`, …: the scope to read each resource that a route is for. */
function scopesFor(resourceTypes: readonly string[]): string[] {
  const scopes = ['customer', ...resourceTypes].map((type) => {
    const name = (SCOPE_OF[type] ?? type).replaceAll('-', '_');
    return `view_${name.replace(/y$/, 'ie')}s`;
  });
  return [...new Set(scopes)];
}
