import type { Engine } from '../../engine/engine.ts';
import type { Preview } from '../../handler.ts';
import { decode, isSubscriptionTest } from '../../notification/decode.ts';
import type { Event } from '../../notification/event.ts';
import type { Log } from '../../observe/log.ts';
import { Failure, outcomeOf, Rejection } from '../../outcome.ts';
import type { BoundRoute } from '../../router/bind-routes.ts';
import { openPush } from '../../senders/senders.ts';
import { correlated } from '../../upstream/correlation.ts';
import { differenceOf } from '../customers/field-counts.ts';
import { EXIT, type ExitCode } from '../io.ts';

/** The input: the body of a push or a notification, or an event that was created for a customer. */
export type Input = { readonly body: Buffer } | { readonly event: Event };

/** One step of the processing, with its values. */
export interface ExplainedStep {
  readonly step:
    | 'decoded'
    | 'account'
    | 'route'
    | 'handler'
    | 'in Fluent'
    | 'would send'
    | 'values'
    | 'outcome';
  readonly [name: string]: unknown;
}

export interface ExplainOptions {
  /** Values too, not only names of fields. */
  readonly reveal: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const PREVIEW_MILLISECONDS = 30_000;

/** Runs the steps of the service without writing, up to the first that ends the event. */
export async function explain(
  input: Input,
  engine: Pick<Engine, 'accountOf' | 'route'>,
  options: ExplainOptions,
): Promise<{ steps: ExplainedStep[]; code: ExitCode }> {
  const steps: ExplainedStep[] = [];
  try {
    let code: ExitCode = EXIT.ok;
    for (const event of eventsOf(input, options.log)) {
      const found = await follow(event, engine, { ...options, isById: 'event' in input }, (step) =>
        steps.push(step),
      );
      if (found !== EXIT.ok) code = found;
    }
    return { steps, code };
  } catch (error) {
    if (!(error instanceof Rejection) && !(error instanceof Failure)) throw error;
    const { kind, reason, detail } = outcomeOf(error);
    steps.push({ step: 'outcome', kind, reason, detail });
    return { steps, code: kind === 'rejected' ? EXIT.found : EXIT.failed };
  }
}

/** A push may hold several. */
function eventsOf(input: Input, log: Log): Event[] {
  return 'event' in input ? [input.event] : openPush(input.body, log).map((delivery) => decode(delivery));
}

async function follow(
  event: Event,
  engine: Pick<Engine, 'accountOf' | 'route'>,
  options: ExplainOptions & { readonly isById: boolean },
  report: (step: ExplainedStep) => void,
): Promise<ExitCode> {
  const { identity, kind, type, projectKey, resource, version, occurredAt, deletion } = event;
  report({
    step: 'decoded',
    identity,
    kind,
    type,
    projectKey,
    resource: resource && `${resource.typeId}/${resource.id}`,
    version,
    occurredAt,
    deletion,
  });
  const ignored = (reason: string, detail: string): ExitCode => {
    report({ step: 'outcome', kind: 'ignored', reason, detail });
    return EXIT.ok;
  };
  if (isSubscriptionTest(event))
    return ignored('subscription-test', 'commercetools tests a new subscription.');
  const route = engine.route(event);
  if (!route)
    return ignored('no-route', 'No route of the connector file matches it; check the inclusion-filter.');
  report({ step: 'route', name: route.name, filter: route.filter ? [...route.filter] : 'everything' });
  const account = engine.accountOf(projectKey);
  if (!account)
    throw new Rejection(
      'no-account',
      `Expected a project key of one of the accounts in the connector's configuration, got ${projectKey ?? 'none'}; with several accounts, select one with --project.`,
    );
  report({ step: 'account', ...account.account });
  const { name, source, handler } = route.handler;
  report({ step: 'handler', name, source, does: handler.description });
  return preview(event, route, account, options, report);
}

async function preview(
  event: Event,
  route: BoundRoute,
  account: NonNullable<ReturnType<Engine['accountOf']>>,
  { reveal, log, signal, isById }: ExplainOptions & { readonly isById: boolean },
  report: (step: ExplainedStep) => void,
): Promise<ExitCode> {
  if (!route.preview) {
    report({
      step: 'outcome',
      kind: 'unknown',
      detail: 'The handler has no preview, so its result is not known.',
    });
    return EXIT.ok;
  }
  const context = {
    account: account.account,
    commercetools: account.commercetools,
    fluent: account.fluent,
    projects: account.projects,
    log,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PREVIEW_MILLISECONDS)]),
  };
  const { preview: look } = route;
  const found: Preview = await correlated(event.identity, () => look(event, context));
  const { action, username, version, cut, unusable, input, reason, detail } = found;
  const { changed, blanked } = differenceOf(found);
  report({
    step: 'in Fluent',
    found: found.found,
    ...(reveal && { username }),
    version,
    'would change': [...changed],
    'would blank': [...blanked],
    cut: [...cut],
    unusable: [...unusable],
  });
  if (input !== undefined)
    report({ step: 'would send', fields: fieldsOf(input), ...(reveal && { values: input }) });
  if (reveal && found.values) report({ step: 'values', rows: found.values() });
  // A missing customer is normal for a deletion event, and an error for an id on the command line.
  const isUnknown = isById && action === 'gone';
  const what = isUnknown ? 'This customer does not (or no longer) exist in commercetools.' : detail;
  report({ step: 'outcome', kind: action, reason, detail: what });
  return action === 'rejected' || isUnknown ? EXIT.found : EXIT.ok;
}

/** Names of the sent fields; attributes by their own names. */
function fieldsOf(input: unknown): string[] {
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([name, value]) =>
    name === 'attributes' && Array.isArray(value)
      ? value.map((attribute: unknown) => `attributes.${nameOf(attribute)}`)
      : [name],
  );
}

function nameOf(attribute: unknown): string {
  const named = typeof attribute === 'object' && attribute !== null && 'name' in attribute;
  return named ? String(attribute.name) : '?';
}
