import t from 'tap';
import { z } from 'zod';
import { ConfigurationError, type Fault } from '../../src/configuration-error.ts';
import { defineHandler, type Handler, type Settings, UnusableProps } from '../../src/handler.ts';
import { bindRoutes } from '../../src/router/bind-routes.ts';
import type { LoadedHandler } from '../../src/router/load-handlers.ts';
import type { RouteConfig } from '../../src/router/router.ts';

const SETTINGS: Settings = { duplicateMemorySeconds: 600 };
const DONE = { kind: 'done', reason: 'test' } as const;
const basic = { description: 'A handler.', readsCurrentState: false } as const;

/** The arguments of `create` of the handler `greeting`. */
const created: string[] = [];

const plain = defineHandler({ ...basic, props: z.object({}), create: () => async () => DONE });
const greeting = defineHandler({
  ...basic,
  props: z.strictObject({ greeting: z.string(), times: z.number().default(1) }),
  create: ({ greeting, times }, { duplicateMemorySeconds }) => {
    created.push(`${greeting} ${times} ${duplicateMemorySeconds}`);
    return async () => DONE;
  },
});
const throwing = defineHandler({
  ...basic,
  props: z.object({}),
  create: () => {
    throw new Error('Expected a mapping, got none.');
  },
});
const rejecting = defineHandler({
  ...basic,
  props: z.object({}),
  create: () => Promise.reject(new Error('Expected a username, got none.')),
});
const demanding = defineHandler({
  ...basic,
  props: z.object({}),
  create: () => {
    throw new UnusableProps([
      { path: ['mapping', 'title'], expected: 'an expression that ends', found: 'one that does not' },
      { path: ['mapping', 'a.b'], expected: 'another', found: 'this', advice: 'Change it.' },
    ]);
  },
});

const HANDLERS = new Map<string, LoadedHandler>([
  ['plain', loaded('plain', plain)],
  ['greeting', loaded('greeting', greeting)],
  ['throwing', loaded('throwing', throwing)],
  ['rejecting', loaded('rejecting', rejecting)],
  ['demanding', loaded('demanding', demanding)],
]);

function loaded<Props extends z.ZodType>(name: string, handler: Handler<Props>): LoadedHandler {
  return { name, handler, source: `handlers/${name}.ts` };
}

let line = 0;
function route(handlerName: string, rest: Partial<RouteConfig> = {}): RouteConfig {
  line += 1;
  const at = `connector.yml:${line}`;
  const name = `commercetools.connect.${handlerName}.r${line}`;
  return {
    name,
    handlerName,
    resourceType: `type-${line}`,
    props: {},
    locate: (path) => [at, ...path].join(':'),
    isFromEnvironment: (path) => path[0] === 'times',
    ...rest,
  };
}

async function faultsOf(routes: readonly RouteConfig[]): Promise<readonly Fault[]> {
  try {
    await bindRoutes(routes, HANDLERS, SETTINGS);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  throw new Error('Expected a ConfigurationError, every route was bound');
}

t.beforeEach(() => {
  line = 0;
});

t.test('binds a route to its handler, and passes props and settings to the handler', async (t) => {
  const [bound] = await bindRoutes(
    [route('greeting', { props: { greeting: 'hello' }, filter: ['ResourceCreated'] })],
    HANDLERS,
    SETTINGS,
  );
  t.match(bound, {
    name: 'commercetools.connect.greeting.r1',
    handlerName: 'greeting',
    resourceType: 'type-1',
    handler: { source: 'handlers/greeting.ts' },
  });
  t.strictSame(bound?.filter, new Set(['ResourceCreated']));
  t.type(bound?.handle, 'function');
  t.strictSame(created, ['hello 1 600']);
});

t.test('omits the filter of a route without one', async (t) => {
  const [bound] = await bindRoutes([route('plain')], HANDLERS, SETTINGS);
  t.equal(bound && 'filter' in bound, false);
});

t.test('lists the handlers when the handler of a route does not exist', async (t) => {
  const [fault] = await faultsOf([route('unknown')]);
  t.match(fault, {
    where: 'connector.yml:1',
    expected: /one of plain, greeting, throwing, rejecting, demanding/,
    found: 'no handlers/unknown',
    advice: /last two segments/,
  });
});

t.test('reports every invalid prop with its line', async (t) => {
  const faults = await faultsOf([route('greeting', { props: { greeting: 1, times: 'private' } })]);
  t.match(faults, [
    { where: 'connector.yml:1:greeting', expected: /^props\.greeting: .*string/, found: '1' },
    {
      where: 'connector.yml:1:times',
      expected: /^props\.times: .*number/,
      found: 'a value of 7 characters',
    },
  ]);
  t.equal(faults.length, 2);
  t.notMatch(JSON.stringify(faults), /private/);
});

t.test('reports an unknown prop', async (t) => {
  const faults = await faultsOf([route('greeting', { props: { greeting: 'hello', tmies: 2 } })]);
  t.strictSame(faults, [
    {
      where: 'connector.yml:1:tmies',
      expected: 'props: one of greeting, times',
      found: 'tmies',
      advice: 'Did you mean times?',
    },
  ]);
});

t.test('passes on the faults that a handler finds in its props', async (t) => {
  const faults = await faultsOf([route('throwing'), route('rejecting')]);
  t.match(faults, [
    {
      where: 'connector.yml:1',
      expected: 'props that handlers/throwing.ts accepts',
      found: 'Expected a mapping, got none.',
    },
    {
      where: 'connector.yml:2',
      expected: 'props that handlers/rejecting.ts accepts',
      found: 'Expected a username, got none.',
    },
  ]);
});

t.test('reports the line of each prop that a handler refuses', async (t) => {
  t.strictSame(await faultsOf([route('demanding')]), [
    {
      where: 'connector.yml:1:mapping:title',
      expected: 'props.mapping.title: an expression that ends',
      found: 'one that does not',
    },
    {
      where: 'connector.yml:1:mapping:a.b',
      expected: 'props.mapping.a.b: another',
      found: 'this',
      advice: 'Change it.',
    },
  ]);
});

t.test('refuses a route that can never match', async (t) => {
  const faults = await faultsOf([
    route('plain', { resourceType: 'customer', filter: ['ResourceCreated'] }),
    route('plain', { resourceType: 'order' }),
    route('plain', { resourceType: 'customer', filter: ['ResourceUpdated', 'ResourceDeleted'] }),
    route('plain', { resourceType: 'customer', filter: ['ResourceCreated', 'ResourceUpdated'] }),
  ]);
  t.match(faults, [{ where: 'connector.yml:4', found: /\.r1 and .*\.r3 above it match all of them/ }]);
  t.equal(faults.length, 1);
});

t.test('counts a route that cannot be bound as one that matches its events', async (t) => {
  const faults = await faultsOf([
    route('unknown', { resourceType: 'customer' }),
    route('plain', { resourceType: 'customer' }),
  ]);
  t.match(faults, [{ where: 'connector.yml:1' }, { where: 'connector.yml:2', found: /r1 above it match/ }]);
});

t.test('reports all faults together', async (t) => {
  const faults = await faultsOf([
    route('unknown'),
    route('greeting'),
    route('throwing'),
    route('plain', { resourceType: 'customer' }),
    route('plain', { resourceType: 'customer' }),
  ]);
  t.strictSame(
    faults.map(({ where }) => where),
    ['connector.yml:1', 'connector.yml:2:greeting', 'connector.yml:3', 'connector.yml:5'],
  );
});
