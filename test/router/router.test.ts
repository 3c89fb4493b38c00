import t from 'tap';
import { createRouter, unreachable } from '../../src/router/router.ts';

const route = (name: string, resourceType: string, filter?: string[]) => {
  const all = { name, resourceType, handlerName: 'x' };
  return filter ? { ...all, filter: new Set(filter) } : all;
};
const resource = (typeId: string) => ({ typeId, id: '1', identifiers: {} });

const routes = [
  route('changes', 'customer', ['ResourceCreated', 'ResourceUpdated']),
  route('e-mails', 'customer', ['CustomerEmailChanged']),
  route('messages', 'customer', ['Message']),
  route('orders', 'order'),
];
const events = [
  {
    name: 'matches the route whose filter has the kind',
    input: { kind: 'ResourceUpdated', resource: resource('customer') },
    expected: 'changes',
  },
  {
    name: 'matches the route whose filter has the type of the Message',
    input: { kind: 'Message', type: 'CustomerEmailChanged', resource: resource('customer') },
    expected: 'e-mails',
  },
  {
    name: 'matches the first of several',
    input: { kind: 'Message', type: 'CustomerDeleted', resource: resource('customer') },
    expected: 'messages',
  },
  {
    name: 'matches a route without a filter for every kind',
    input: { kind: 'NotInventedYet', resource: resource('order') },
    expected: 'orders',
  },
  {
    name: 'matches none if no filter has the kind',
    input: { kind: 'ResourceDeleted', resource: resource('customer') },
    expected: undefined,
  },
  {
    name: 'matches none for another type of resource',
    input: { kind: 'ResourceCreated', resource: resource('subscription') },
    expected: undefined,
  },
  {
    name: 'matches none for an event without a resource',
    input: { kind: 'Event', type: 'ImportContainerCreated' },
    expected: undefined,
  },
];

const find = createRouter(routes);
for (const { name, input, expected } of events) {
  t.test(name, async (t) => {
    t.equal(find(input)?.name, expected);
  });
}

t.test('returns the same route object', async (t) => {
  const mine = { ...route('mine', 'customer'), extra: 1 };
  t.equal(createRouter([mine])({ kind: 'X', resource: resource('customer') }), mine);
});

const tables = [
  { name: 'finds every route of a valid table reachable', input: routes, expected: [] },
  {
    name: 'finds a route behind one without a filter unreachable',
    input: [route('a', 'customer'), route('b', 'customer', ['X']), route('c', 'order', ['X'])],
    expected: [{ route: 'b', takenBy: ['a'] }],
  },
  {
    name: 'finds a route unreachable whose types an earlier one matches',
    input: [route('a', 'customer', ['X', 'Y']), route('b', 'customer', ['Y'])],
    expected: [{ route: 'b', takenBy: ['a'] }],
  },
  {
    name: 'finds a route unreachable whose types several earlier ones match',
    input: [route('a', 'customer', ['X']), route('b', 'customer', ['Y']), route('c', 'customer', ['X', 'Y'])],
    expected: [{ route: 'c', takenBy: ['a', 'b'] }],
  },
  {
    name: 'finds a route reachable that matches one more type',
    input: [route('a', 'customer', ['X']), route('b', 'customer', ['X', 'Y']), route('c', 'customer')],
    expected: [],
  },
];

for (const { name, input, expected } of tables) {
  t.test(name, async (t) => {
    t.strictSame(unreachable(input), expected);
  });
}
