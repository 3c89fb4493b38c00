import type { Subscription } from '@commercetools/platform-sdk';
import type { OpenAccount } from '../../engine/accounts.ts';
import { Failure } from '../../outcome.ts';
import { createExchange } from '../../upstream/exchange.ts';
import { publishesTo, type Target } from '../destination/destination.ts';
import { findSubscription, missingChanges } from '../provision/commercetools-step.ts';
import type { Check, CheckResult } from './check.ts';
import { deliveryState } from './delivery-state.ts';

const HEALTH_MILLISECONDS = 5_000;

/**
 * Both sides of an account: token, rights and the commercetools subscription to these types. `target` where it is known what
 * it is to publish to.
 */
export function accountChecks(
  { account, commercetools, fluent, upstreams }: OpenAccount,
  apiUrl: string,
  key: string,
  target: Target | undefined,
  resourceTypes: readonly string[],
): Check[] {
  const { projectKey } = account;
  const [reading, writing] = upstreams;
  const tokens = new Map<string, Promise<void>>();
  /** Requested once and shared by all checks that need the token. */
  const token = (upstream: typeof reading) => {
    if (!upstream) throw noUpstream();
    const result = tokens.get(upstream.name) ?? upstream.probe();
    tokens.set(upstream.name, result);
    return result;
  };
  /** Skips checks that need a token when there is none, so that the fault is reported once. */
  const withToken = async (
    upstream: typeof reading,
    run: () => Promise<CheckResult>,
  ): Promise<CheckResult> => {
    const given = await token(upstream).then(
      () => true,
      () => false,
    );
    return given ? run() : { state: 'skipped', detail: 'there is no token' };
  };
  let listed: Promise<number> | undefined;
  /** Past the client, which takes a 404 for a resource that is not there; a list is there wherever its project is. */
  const customersStatus = async () => {
    if (!reading) throw noUpstream();
    listed ??= reading.send(
      {
        method: 'GET',
        url: `${apiUrl}/${projectKey}/customers?limit=1&withTotal=false`,
        headers: { accept: 'application/json' },
      },
      ({ status }) => status,
      { operation: 'other', size: 1 },
    );
    return listed;
  };
  const fluentName = writing?.name ?? `Fluent ${projectKey}`;
  const subscription = `commercetools ${projectKey}: subscription ${key}`;
  return [
    {
      name: `commercetools ${projectKey}: token`,
      run: () => token(reading).then(() => ({ state: 'ok' })),
    },
    {
      name: `commercetools ${projectKey}: read customers`,
      run: () =>
        withToken(reading, async () => {
          const status = await customersStatus();
          if (status < 300) return { state: 'ok' };
          if (status !== 404) return { state: 'fault', detail: `commercetools answered HTTP ${status}` };
          return {
            state: 'fault',
            detail: `the project ${projectKey} does not exist at CTP_API_URL, ${apiUrl} (HTTP 404)`,
            advice: "Look at CTP_PROJECT_KEY, and whether CTP_API_URL is of the project's region.",
          };
        }),
    },
    {
      name: subscription,
      run: () =>
        withToken(reading, async () => {
          if ((await customersStatus().catch(() => undefined)) === 404)
            return { state: 'skipped', detail: 'there is no such project' };
          return subscriptionFound(commercetools, { projectKey, apiUrl, key, target, resourceTypes });
        }),
    },
    { name: `${fluentName}: token`, run: () => token(writing).then(() => ({ state: 'ok' })) },
    {
      name: `${fluentName}: query customers`,
      run: () =>
        withToken(writing, async () => {
          await fluent.request('query Doctor { customers(first: 1) { edges { node { id } } } }');
          return { state: 'ok' };
        }),
    },
    {
      name: `${fluentName}: create and update customers`,
      run: async () => ({
        state: 'skipped',
        detail: 'the permission to write cannot be checked without a write',
      }),
    },
  ];
}

function noUpstream(): Failure {
  return new Failure('no-upstream', 'The account has no such upstream.');
}

interface Where {
  readonly projectKey: string;
  readonly apiUrl: string;
  readonly key: string;
  readonly target: Target | undefined;
  readonly resourceTypes: readonly string[];
}

async function subscriptionFound(
  commercetools: OpenAccount['commercetools'],
  { projectKey, apiUrl, key, target, resourceTypes }: Where,
): Promise<CheckResult> {
  const advice = 'Run `customer-sync provision`.';
  let found: Awaited<ReturnType<typeof findSubscription>>;
  try {
    found = await findSubscription(commercetools, projectKey, key);
  } catch (error) {
    // The service itself does not need this permission.
    if (error instanceof Failure && error.reason === 'permission-missing')
      return {
        state: 'skipped',
        detail: 'the API client may not read subscriptions',
        advice: `Use an API client with the scope manage_subscriptions:${projectKey} to check it.`,
      };
    throw error;
  }
  if (!found) return { state: 'fault', detail: 'does not exist', advice };
  const missing = missingChanges(found, resourceTypes);
  if (missing.length > 0)
    return { state: 'fault', detail: `does not publish the changes of ${missing.join(', ')}`, advice };
  if (target && !publishesTo(found, target))
    return {
      state: 'fault',
      detail: `does not publish to ${target.shown}: its destination is of the type ${found.destination.type}`,
      advice:
        target.name === 'pubsub' ? advice : `Run \`customer-sync provision --destination=${target.name}\`.`,
    };
  const delivery = deliveryState(found);
  if (delivery) return delivery;
  const status = await healthOf(`${apiUrl}/${projectKey}/subscriptions/${found.id}/health`, projectKey);
  if (status === 400)
    return {
      state: 'fault',
      detail: 'commercetools cannot publish to it: a configuration error (health 400)',
      advice:
        'Check the topic and the permission of commercetools to publish to it, or run `customer-sync provision`.',
    };
  if (status !== 200)
    return {
      state: 'warning',
      detail: `commercetools reports a temporary error (health ${status})`,
      advice: 'Check again in a few minutes; commercetools delivers the notifications later.',
    };
  if (!target) return { state: 'warning', detail: 'healthy, but its topic could not be checked' };
  return { state: 'ok', detail: `healthy, publishes to ${target.shown}${sourceOf(found)}` };
}

/** EventBridge's partner event source, which has to be associated with an event bus. */
function sourceOf({ destination }: Pick<Subscription, 'destination'>): string {
  return 'source' in destination ? `, source ${destination.source}` : '';
}

/** Needs no token. https://docs.commercetools.com/api/projects/subscriptions#get-subscription-health */
async function healthOf(url: string, projectKey: string): Promise<number> {
  const { exchange, close } = createExchange(`commercetools ${projectKey}`, HEALTH_MILLISECONDS);
  try {
    const signal = AbortSignal.timeout(HEALTH_MILLISECONDS);
    return (await exchange({ method: 'GET', url, headers: {} }, signal)).status;
  } finally {
    await close();
  }
}
