import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fastify } from 'fastify';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import { connectorJsonSchema } from '../../src/configuration/connector-json-schema.ts';
import { loadHandlers } from '../../src/router/load-handlers.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const schema = connectorJsonSchema(await loadHandlers(join(CONFIG, '../handlers')));
const file = await readFile(join(CONFIG, 'connector.yml'), 'utf8');

/** A validator for JSON schema that changes nothing: fastify's own. */
const app = fastify({
  ajv: {
    customOptions: {
      removeAdditional: false,
      coerceTypes: false,
      useDefaults: false,
      strict: false,
      allErrors: true,
    },
  },
});
app.post('/', { schema: { body: schema } }, async () => 'fits');
t.teardown(() => app.close());
const Refusal = z.object({ message: z.string() });

async function check(text: string): Promise<string> {
  const { statusCode, payload } = await app.inject({ method: 'POST', url: '/', payload: parse(text) });
  return statusCode === 200 ? payload : Refusal.parse(JSON.parse(payload)).message;
}

/** Returns the shipped file with one line replaced. */
function withLine(line: string, replacement: string): string {
  if (!file.includes(line)) throw new Error(`Expected connector.yml to hold ${line}.`);
  return file.replace(line, replacement);
}

t.test('the schema file for editors is up to date', async (t) => {
  const written = await readFile(join(CONFIG, 'connector.schema.json'), 'utf8');
  t.equal(written, `${JSON.stringify(schema, undefined, 2)}\n`, 'run `npm run schema`');
  t.match(file, /^# yaml-language-server: \$schema=\.\/connector\.schema\.json\n/);
});

t.test('accepts the shipped file, and everything that the start accepts', async (t) => {
  t.equal(await check(file), 'fits');
  for (const [line, replacement] of [
    [`retailerId: \${FLUENT_RETAILER_ID}`, 'retailerId: 7'],
    [`projectKey: \${CTP_PROJECT_KEY}`, 'projectKey: my-project'],
    [`scopes: \${CTP_SCOPES:-}`, 'scopes: [view_customers:my-project]'],
    ['onDelete: ignore', `onDelete: \${ON_DELETE:-ignore}`],
    ['name: "customer"', 'name: "something-new"'],
    ['- "ResourceUpdated"', '- "SomethingNewHappened"'],
    ['title: title', 'timezone: \'"Europe/Berlin"\''],
    ['route: "commercetools.connect.customer.upsert"', 'route: "a.order.upsert"\n    handler: my-own'],
  ] as const)
    t.equal(await check(withLine(line, replacement)), 'fits', replacement);
});

t.test('refuses what the start refuses', async (t) => {
  for (const [line, replacement, error] of [
    ['accounts:', 'acounts:', /additional properties|'accounts'/],
    [`projectKey: \${CTP_PROJECT_KEY}`, 'projectKey: "my project"', /pattern/],
    [`projectKey: \${CTP_PROJECT_KEY}`, 'projektKey: x', /additional properties/],
    ['onDelete: ignore', 'onDelete: forget', /onDelete/],
    ['onDelete: ignore', 'onDelte: ignore', /additional properties/],
    ['firstName: firstName', 'fristName: firstName', /additional properties/],
    ['primaryEmail: email', 'title2: email', /primaryEmail|additional properties/],
    ['title: title', 'title: 7', /string/],
    [
      'route: "commercetools.connect.customer.upsert"',
      'route: "a.b"\n    handler: customer-upsert\n    more: x',
      /additional properties/,
    ],
  ] as const)
    t.match(await check(withLine(line, replacement)), error, replacement);
  const other = withLine(
    'route: "commercetools.connect.customer.upsert"',
    'route: "a.b"\n    handler: customer-upsert',
  );
  t.match(
    await check(other.replace('title: title', 'titel: title')),
    /additional properties/,
    'by its handler',
  );
});
