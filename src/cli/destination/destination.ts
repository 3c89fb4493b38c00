import type { DeliveryFormat, Destination, Subscription } from '@commercetools/platform-sdk';
import { z } from 'zod';
import type { Environment } from '../../configuration/environment.ts';
import { ConfigurationError, type Fault } from '../../configuration-error.ts';

/** What commercetools can publish to and that pushes over HTTPS, by the sender's name. */
export const DESTINATIONS = ['pubsub', 'eventbridge', 'sns', 'event-grid'] as const;
export type DestinationName = (typeof DESTINATIONS)[number];

const oneOf = `one of ${DESTINATIONS.join(', ')}`;

/** The option that the commands share. */
export const DestinationOption = z.object({
  destination: z.enum(DESTINATIONS, { error: oneOf }).optional(),
});

/** The options for the parts of a destination; Pub/Sub's topic comes from the names of the set-up. */
export const DestinationOptions = DestinationOption.extend({
  awsAccountId: z
    .string()
    .regex(/^\d{12}$/, { error: 'the 12 digits of an AWS account' })
    .optional(),
  awsRegion: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'an AWS region, as us-east-1' })
    .optional(),
  topicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/, { error: "an SNS topic's ARN" })
    .optional(),
  eventGridUri: z
    .string()
    .regex(/^https:\/\/[^\s?#]+$/, { error: 'the https:// endpoint of an Event Grid topic' })
    .optional(),
});
export type DestinationOptions = z.output<typeof DestinationOptions>;

/** The destination that commercetools should publish to, as far as it is known. It contains no secret. */
export interface Target {
  readonly name: DestinationName;
  readonly type: Destination['type'];
  /** The fields of the destination that are compared. */
  readonly fields: Readonly<Record<string, string>>;
  /** Event Grid takes CloudEvents alone. */
  readonly format: DeliveryFormat;
  readonly shown: string;
}

const PLATFORM: DeliveryFormat = { type: 'Platform' };
const CLOUD_EVENTS: DeliveryFormat = { type: 'CloudEvents', cloudEventsVersion: '1.0' };

const TYPES = {
  pubsub: 'GoogleCloudPubSub',
  eventbridge: 'EventBridge',
  sns: 'SNS',
  'event-grid': 'EventGrid',
} as const satisfies Record<DestinationName, Destination['type']>;
const TITLES = {
  pubsub: 'Google Pub/Sub',
  eventbridge: 'AWS EventBridge',
  sns: 'AWS SNS',
  'event-grid': 'Azure Event Grid',
} as const satisfies Record<DestinationName, string>;

/** The destination from the option, otherwise the one that PUSH_AUTH implies. */
export function destinationNameOf(
  { destination }: { readonly destination?: DestinationName | undefined },
  { pushAuth }: Pick<Environment, 'pushAuth'>,
): DestinationName {
  return destination ?? (pushAuth.kind === 'sns' ? 'sns' : 'pubsub');
}

/** The target of Pub/Sub; `topic` is `projects/…/topics/…`. */
export function pubSubTarget(topic: string): Target {
  const [, projectId = '', , name = ''] = topic.split('/');
  return {
    name: 'pubsub',
    type: TYPES.pubsub,
    fields: { projectId, topic: name },
    format: PLATFORM,
    shown: topic,
  };
}

/** The target of any other sender, with the fields that are given. */
export function targetOf(
  name: Exclude<DestinationName, 'pubsub'>,
  options: DestinationOptions,
  { sns }: Pick<Environment, 'sns'>,
): Target {
  const { awsAccountId: accountId, awsRegion: region, eventGridUri: uri } = options;
  const [only, ...others] = sns?.topicArns ?? [];
  const topicArn = options.topicArn ?? (others.length === 0 ? only : undefined);
  const fields = defined(
    { eventbridge: { accountId, region }, sns: { topicArn }, 'event-grid': { uri } }[name],
  );
  const shown = [TITLES[name], ...Object.values(fields)].join(' ');
  return {
    name,
    type: TYPES[name],
    fields,
    format: name === 'event-grid' ? CLOUD_EVENTS : PLATFORM,
    shown,
  };
}

/** The destination in the form that commercetools takes; throws a `ConfigurationError` that names every missing option. */
export function draftOf(target: Target, env: Readonly<Record<string, string | undefined>>): Destination {
  const { name, type, fields } = target;
  const accessKey = env['EVENT_GRID_ACCESS_KEY']?.trim();
  const needed: Record<DestinationName, readonly [field: string, where: string][]> = {
    pubsub: [],
    eventbridge: [
      ['accountId', 'option --aws-account-id'],
      ['region', 'option --aws-region'],
    ],
    sns: [['topicArn', 'option --topic-arn']],
    'event-grid': [['uri', 'option --event-grid-uri']],
  };
  const faults: Fault[] = needed[name].flatMap(([field, where]) =>
    fields[field] === undefined ? [missing(where, name)] : [],
  );
  if (name === 'event-grid' && !accessKey) faults.push(missing('environment EVENT_GRID_ACCESS_KEY', name));
  if (faults.length > 0) throw new ConfigurationError(faults);
  const draft = {
    type,
    ...fields,
    ...(name === 'event-grid' && { accessKey }),
    // By the rights of commercetools' own user, so that it is given no key.
    ...(name === 'sns' && { authenticationMode: 'IAM' }),
  };
  if (!isDestination(draft)) throw new Error('Expected a type of destination.');
  return draft;
}

/** True when the subscription publishes to the target, as far as that is known. */
export function publishesTo({ destination }: Pick<Subscription, 'destination'>, target: Target): boolean {
  const held: Record<string, unknown> = { ...destination };
  return (
    destination.type === target.type &&
    Object.entries(target.fields).every(([name, value]) => held[name] === value)
  );
}

/** Why the service would refuse every push of the destination's sender; undefined if it accepts them. */
export function authenticationFault(
  name: DestinationName,
  { pushAuth }: Pick<Environment, 'pushAuth'>,
): { readonly expected: string; readonly found: string } | undefined {
  const fitting = {
    pubsub: ['oidc', 'token'],
    eventbridge: ['token'],
    sns: ['sns', 'token'],
    'event-grid': ['token'],
  }[name];
  if (pushAuth.kind === 'none' || fitting.includes(pushAuth.kind)) return undefined;
  return { expected: `${[...fitting, 'none'].join(' or ')} for ${TITLES[name]}`, found: pushAuth.kind };
}

/** The sender's name for a person. */
export function titleOf(name: DestinationName): string {
  return TITLES[name];
}

/** The SDK also wants the `source` of EventBridge, which commercetools sets itself. */
function isDestination(draft: { readonly type: string }): draft is Destination {
  return Object.values<string>(TYPES).includes(draft.type);
}

function missing(where: string, name: DestinationName): Fault {
  return { where, expected: `a value, for ${TITLES[name]}`, found: 'nothing' };
}

function defined(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
