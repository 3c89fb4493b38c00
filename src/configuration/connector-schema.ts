import { z } from 'zod';
import {
  CUSTOMER_MESSAGE_TYPES,
  NOTIFICATION_TYPES,
  RESOURCE_TYPES,
} from '../commercetools/published-types.ts';
import { httpUrl } from './variables.ts';

const text = (error: string, pattern = /\S/) =>
  z.string({ error }).regex(pattern, { error }).describe(`Expects ${error}.`);
const secret = (error: string) => text(error).meta({ secret: true });
const mapping = (error: string) => ({
  error: (issue: { code?: string }) => (issue.code === 'invalid_type' ? error : undefined),
});

const commercetools = z.strictObject(
  {
    projectKey: text("a commercetools project's key (letters, digits, - and _)", /^[\w-]+$/),
    clientId: secret("an API client's id"),
    clientSecret: secret("an API client's secret"),
    authUrl: httpUrl,
    apiUrl: httpUrl,
    // Blank is absent: that is how `${CTP_SCOPES:-}` arrives.
    scopes: z
      .union([z.string().transform((value) => value.split(/\s+/).filter(Boolean)), z.array(z.string())], {
        error: 'scopes separated by spaces, or a list of them',
      })
      .optional(),
  },
  mapping("a mapping with the commercetools project's key, URLs and credentials"),
);

const fluent = z.strictObject(
  {
    apiUrl: httpUrl,
    account: z.string({ error: "a Fluent account's id, or nothing" }).optional(),
    clientId: secret("a Fluent client's id"),
    clientSecret: secret("a Fluent client's secret"),
    username: secret("a Fluent user's name"),
    password: secret("a Fluent user's password"),
    retailerId: text("a Fluent retailer's id"),
  },
  mapping("a mapping with the Fluent account's URL, credentials and retailer"),
);

/** The props of every route, in addition to those of its handler. */
export const PROPS = z.looseObject(
  {
    name: text('a commercetools resource type, such as customer').meta({ suggestions: RESOURCE_TYPES }),
    'inclusion-filter': z
      .array(
        text('a notification type or a Message type, such as ResourceUpdated').meta({
          suggestions: [...NOTIFICATION_TYPES, ...CUSTOMER_MESSAGE_TYPES],
        }),
        {
          error: 'a list of notification types and Message types',
        },
      )
      .min(1, { error: 'at least one type, or no inclusion-filter at all' })
      .optional(),
  },
  mapping("a mapping with the name of a resource type, a filter and the handler's props"),
);

const route = z.strictObject(
  {
    route: text('a route name, such as commercetools.connect.customer.upsert'),
    handler: text(
      'the name of a file or folder in handlers/, such as customer-upsert',
      /^[A-Za-z0-9][\w-]*$/,
    ).optional(),
    props: PROPS,
  },
  mapping('a mapping with route and props'),
);

/** The schema of `connector.yml`. Its messages are the "expected" of a fault; the value of a `secret` is not shown. */
export const connectorSchema = z.strictObject(
  {
    accounts: z
      .array(
        z.strictObject(
          { commercetools, fluent },
          mapping('an account: a mapping of commercetools and fluent'),
        ),
        {
          error: 'a list of accounts',
        },
      )
      .min(1, { error: 'at least one account' }),
    routes: z.array(route, { error: 'a list of routes' }).min(1, { error: 'at least one route' }),
  },
  mapping('a mapping of accounts and routes'),
);

const KNOWN: Readonly<Record<string, z.ZodObject>> = {
  '': connectorSchema,
  accounts: z.object({ commercetools, fluent }),
  commercetools,
  fluent,
  routes: route,
};

/** The known keys at a path; a mistyped key is compared with them. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  return Object.keys(schemaOf(path)?.shape ?? {});
}

/** True if the value must not be shown: every value in an account that is not known to be harmless. */
export function isSecret(path: readonly PropertyKey[]): boolean {
  if (path[0] !== 'accounts') return false;
  if (path.length < 4) return true;
  const field = schemaOf(path.slice(0, 3))?.shape[String(path[3])];
  return !(field instanceof z.ZodType) || field.meta()?.['secret'] === true;
}

function schemaOf(path: readonly PropertyKey[]): z.ZodObject | undefined {
  return KNOWN[String(path.filter((step) => typeof step === 'string').at(-1) ?? '')];
}
