import { readFileSync } from 'node:fs';
import { Kind, parse, print, visit } from 'graphql';

/** How the schema of an account differs from the current one; Fluent's schema has changed over the years. */
export interface SchemaVariant {
  /** Additional fields that `createCustomer` requires. */
  readonly required?: readonly string[];
  /** Fields that are missing in the inputs. */
  readonly without?: readonly string[];
  /** True for an old account without `updateCustomer`. */
  readonly withoutUpdate?: boolean;
  /** True if introspection is forbidden. */
  readonly closed?: boolean;
}

const INPUTS = ['CreateCustomerInput', 'UpdateCustomerInput'];
const TODAY = parse(readFileSync(new URL('fluent-schema.graphql', import.meta.url), 'utf8'));

/** The schema of a variant, in GraphQL's schema language. */
export function schemaOf({ required = [], without = [], withoutUpdate = false }: SchemaVariant): string {
  const changed = visit(TODAY, {
    InputObjectTypeDefinition(node) {
      if (!INPUTS.includes(node.name.value)) return undefined;
      if (withoutUpdate && node.name.value === 'UpdateCustomerInput') return null;
      const isCreate = node.name.value === 'CreateCustomerInput';
      const fields = node.fields?.filter(({ name }) => !without.includes(name.value)) ?? [];
      return {
        ...node,
        fields: fields.map((field) =>
          isCreate && required.includes(field.name.value) && field.type.kind !== Kind.NON_NULL_TYPE
            ? { ...field, type: { kind: Kind.NON_NULL_TYPE, type: field.type } as const }
            : field,
        ),
      };
    },
    FieldDefinition: (node) => (withoutUpdate && node.name.value === 'updateCustomer' ? null : undefined),
  });
  return print(changed);
}
