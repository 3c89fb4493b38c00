import t from 'tap';
import { complaintOf } from '../../src/fluent/complaint.ts';

const QUOTED = '{ username: "Amba", firstName: "Birkvale" }';

const CASES = [
  {
    message:
      "Variable 'i0' has an invalid value: Field 'firstName' has coerced Null value for NonNull type 'String!'",
    complaint: { kind: 'requires', field: 'firstName' },
  },
  {
    message: "Variable 'firstName' has coerced Null value for NonNull type 'String!'",
    complaint: { kind: 'requires', field: 'firstName' },
  },
  {
    message:
      "Variable 'i0' has an invalid value: The variables input contains a field name 'title' that is not defined for input object type 'UpdateCustomerInput' ",
    complaint: { kind: 'lacks', field: 'title' },
  },
  {
    message:
      "Validation error of type FieldUndefined: Field 'updateCustomer' in type 'Mutation' is undefined @ 'updateCustomer'",
    complaint: { kind: 'absent', mutation: 'updateCustomer' },
  },
  {
    message:
      "Validation error (FieldUndefined@[updateCustomer]) : Field 'updateCustomer' in type 'Mutation' is undefined",
    complaint: { kind: 'absent', mutation: 'updateCustomer' },
  },
  {
    message: 'Validation error of type UnknownType: Unknown type UpdateCustomerInput',
    complaint: { kind: 'absent', mutation: 'updateCustomer' },
  },
  {
    message: `Variable "$i0" got invalid value ${QUOTED}; Field "timezone" of required type "String!" was not provided.`,
    complaint: { kind: 'requires', field: 'timezone' },
  },
  {
    message: `Variable "$i0" got invalid value ${QUOTED}; Field value.timezone of required type String! was not provided.`,
    complaint: { kind: 'requires', field: 'timezone' },
  },
  {
    message: `Variable "$i0" got invalid value ${QUOTED}; Field "title" is not defined by type "UpdateCustomerInput". Did you mean "username"?`,
    complaint: { kind: 'lacks', field: 'title' },
  },
  {
    message: 'Cannot query field "updateCustomer" on type "Mutation". Did you mean "createCustomer"?',
    complaint: { kind: 'absent', mutation: 'updateCustomer' },
  },
];

t.test('reads the name of a field, and never a value, from the messages of GraphQL servers', async (t) => {
  for (const { message, complaint } of CASES) t.same(complaintOf(message), complaint, message);
});

t.test('a part inside a field, a value like a message, and other messages are no complaint', async (t) => {
  for (const message of [
    'Variable "$i0" got invalid value { name: "a" } at "i0.attributes[0]"; Field "value" of required type "Json!" was not provided.',
    'Variable "$i0" got invalid value "x; Field "amba" of required type "String!" was not provided."; Expected an object.',
    "Field 'amba' has coerced Null value for NonNull type 'String!' is what a customer wrote",
    "Field 'Amba Birkvale' has coerced Null value for NonNull type 'String!'",
    'odd',
    '',
  ])
    t.equal(complaintOf(message), undefined, message);
});
