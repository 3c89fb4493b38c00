import { type GraphQLSchema, isInputObjectType, isObjectType } from 'graphql';
import t from 'tap';
import { Mapping } from '../../handlers/customer-upsert/mapping/mapping.ts';
import { NATIVE_FIELD_NAMES, UPDATABLE_FIELDS } from '../../src/fluent/native-fields.ts';
import { startFluent } from '../sandbox/fluent.ts';

/** The fields of Fluent's schema that a mapping does not set. */
const OTHERS = ['id', 'ref', 'username', 'status', 'createdOn', 'updatedOn', 'attributes', 'retailer'];

function fieldsOf(schema: GraphQLSchema, type: string): string[] {
  const found = schema.getType(type);
  if (!isObjectType(found) && !isInputObjectType(found)) throw new Error(`Expected a type ${type}.`);
  return Object.keys(found.getFields()).filter((name) => !OTHERS.includes(name));
}

t.test('the table has exactly the native fields of the schema', async (t) => {
  const { schema, close } = await startFluent();
  t.teardown(close);
  t.same(new Set(NATIVE_FIELD_NAMES), new Set(fieldsOf(schema, 'CreateCustomerInput')));
  t.same(new Set(NATIVE_FIELD_NAMES), new Set(fieldsOf(schema, 'Customer')));
  t.same(new Set(UPDATABLE_FIELDS), new Set(fieldsOf(schema, 'UpdateCustomerInput')));
});

t.test('a mapping can set each of them', async (t) => {
  const every = Object.fromEntries(NATIVE_FIELD_NAMES.map((name) => [name, 'id']));
  t.match(Mapping.parse({ username: 'id', ...every }), every);
});
