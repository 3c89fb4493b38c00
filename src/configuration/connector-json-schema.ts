import { z } from 'zod';
import type { LoadedHandler } from '../router/load-handlers.ts';
import { connectorSchema, PROPS } from './connector-schema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A value from the environment, such as `${NAME}` or `${NAME:-default}`. */
const PLACEHOLDER = String.raw`\$\{[A-Z][A-Z0-9_]*(:-[^}]*)?\}`;

/**
 * The JSON schema of `connector.yml`, for editors: the schema that the start checks with, and the props of the handlers. A
 * value may also be a placeholder, and a number in an account is the text that it is written as.
 */
export function connectorJsonSchema(handlers: ReadonlyMap<string, LoadedHandler>): JsonSchema {
  const schema = toJsonSchema(connectorSchema);
  const route = schema.properties?.['routes'];
  const items = typeof route === 'object' && typeof route.items === 'object' ? route.items : undefined;
  if (!items || Array.isArray(items)) throw new TypeError('Expected the schema to have a list of routes.');
  items.allOf = [...handlers.values()].flatMap(propsOf);
  return { title: 'connector.yml of the customer sync', ...schema };
}

/** The props of a route with this handler: the handler's own, and the name and the filter of every route. */
function propsOf({ name, handler }: LoadedHandler): JsonSchema[] {
  const { $schema: _, ...own } = toJsonSchema(handler.props);
  if (own.type !== 'object') return [];
  const props = { ...own, properties: { ...toJsonSchema(PROPS).properties, ...own.properties } };
  const byHandler: JsonSchema = { properties: { handler: { const: name } }, required: ['handler'] };
  const byRoute: JsonSchema = {
    properties: { route: { pattern: routesTo(name) } },
    not: { required: ['handler'] },
  };
  // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON schema.
  return [{ if: { anyOf: [byHandler, byRoute] }, then: { properties: { props } } }];
}

/** The names of routes whose last two segments, or only segment, make the name of a handler. */
function routesTo(handler: string): string {
  const words = handler.split('-');
  const pairs = words
    .slice(1)
    .map((_, index) => `${words.slice(0, index + 1).join('-')}\\.${words.slice(index + 1).join('-')}`);
  return `^${handler}$${pairs.map((pair) => `|(^|\\.)${pair}$`).join('')}`;
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema, path }) {
      const { secret: _, suggestions, pattern } = jsonSchema;
      delete jsonSchema['secret'];
      delete jsonSchema['suggestions'];
      if (jsonSchema.type !== 'string') return;
      if (typeof pattern === 'string' && !new RegExp(pattern).test(`\${NAME}`))
        jsonSchema.pattern = `${pattern}|${PLACEHOLDER}`;
      if (jsonSchema.enum) {
        jsonSchema.anyOf = [{ enum: jsonSchema.enum }, { pattern: PLACEHOLDER }];
        delete jsonSchema.enum;
      }
      if (path.includes('accounts')) Object.assign(jsonSchema, { type: ['string', 'number'] });
      // Editors suggest these values, and accept others.
      if (Array.isArray(suggestions)) jsonSchema.anyOf = [{ enum: suggestions }, {}];
    },
  });
}
