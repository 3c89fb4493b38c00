import { type GraphQLSchema, getOperationAST, getVariableValues, parse, validate } from 'graphql';
import t from 'tap';
import { TEXT_FIELDS } from '../../src/fluent/native-fields.ts';
import { type GraphqlOperation, lookUp, write } from '../../src/fluent/operations.ts';
import { startFluent } from '../sandbox/fluent.ts';
import { draft, openFluent } from './open.ts';

/** Every error of the schema for an operation and its variables. */
function objections(schema: GraphQLSchema, { query, variables }: GraphqlOperation): string[] {
  const document = parse(query);
  const invalid = validate(schema, document).map(({ message }) => message);
  const definitions = getOperationAST(document)?.variableDefinitions ?? [];
  // In the form in which they arrive: through JSON.
  const values = getVariableValues(schema, definitions, JSON.parse(JSON.stringify(variables)));
  return [...invalid, ...(values.errors ?? []).map(({ message }) => message)];
}

const EVERYTHING = {
  ...Object.fromEntries(TEXT_FIELDS.map((field) => [field, 'x'])),
  ...draft('one'),
  attributes: [
    { name: 'a', type: 'STRING', value: 'text' },
    { name: 'b', type: 'JSON', value: { deep: [1, null] } },
    { name: 'c', type: 'BOOLEAN', value: false },
  ],
};

t.test('the schema accepts every operation', async (t) => {
  const sandbox = await startFluent();
  t.teardown(() => sandbox.close());
  const { retailer: _, department: __, ...update } = { ...EVERYTHING, department: '' };
  const cases = {
    'one listed': lookUp(['a'], []),
    'several listed': lookUp(['a', 'b'], []),
    'one by reference': lookUp([], ['a%']),
    'both ways': lookUp(['a', 'b'], ['c%', '%']),
    'a create': write([{ mutation: 'createCustomer', input: EVERYTHING }]),
    'an update': write([{ mutation: 'updateCustomer', input: update }]),
    mixed: write([
      { mutation: 'updateCustomer', input: { username: 'a' } },
      { mutation: 'createCustomer', input: draft('b') },
    ]),
  };
  for (const [name, operation] of Object.entries(cases))
    t.strictSame(objections(sandbox.schema, operation), [], name);
  t.strictSame(
    objections(sandbox.schema, { query: '{ nothing }', variables: {} }).length,
    1,
    'it can object',
  );
  const typed = write([{ mutation: 'updateCustomer', input: { username: 'a' } }]);
  t.equal(objections(sandbox.schema, { ...typed, variables: { i0: { username: 1, more: 2 } } }).length, 2);
});

t.test('the schema accepts every operation that was sent', async (t) => {
  const sandbox = await startFluent();
  t.teardown(() => sandbox.close());
  const { fluent } = openFluent(t, sandbox);
  await Promise.all([fluent.findCustomer('a'), fluent.findCustomer('b%')]);
  await fluent.findCustomer('a', { alone: true });
  await Promise.all([fluent.createCustomer(EVERYTHING), fluent.createCustomer(draft('two'))]);
  await fluent.updateCustomer({ username: 'two', firstName: '', promotionOptIn: true });
  t.equal(sandbox.requests.sent.length, 4);
  for (const { document: query, variables, aliases } of sandbox.requests.sent)
    t.strictSame(objections(sandbox.schema, { query, variables }), [], aliases.join());
  t.match(sandbox.customers.get('one'), { department: 'x', timezone: 'x' });
});
