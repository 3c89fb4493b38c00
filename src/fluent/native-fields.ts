interface Traits {
  readonly kind: 'text' | 'boolean';
  /** The maximum number of characters in Fluent; 255 if its schema states no maximum. */
  readonly longest?: number;
  /** `createCustomer` takes it and `updateCustomer` does not, so it is not compared either. */
  readonly onCreateOnly?: true;
  /** Blanked when a customer is anonymised. */
  readonly personal?: true;
}

/**
 * Fluent's native fields of a customer, except `username`, which is the key. Reading, writing, mapping, cutting and
 * anonymising use this table, so a new field is one line here.
 */
export const NATIVE_FIELDS = {
  title: { kind: 'text', longest: 50, personal: true },
  firstName: { kind: 'text', longest: 50, personal: true },
  lastName: { kind: 'text', longest: 50, personal: true },
  primaryEmail: { kind: 'text', longest: 250 },
  primaryPhone: { kind: 'text', longest: 20, personal: true },
  country: { kind: 'text', longest: 100 },
  timezone: { kind: 'text', longest: 32 },
  department: { kind: 'text', longest: 255, onCreateOnly: true },
  promotionOptIn: { kind: 'boolean' },
} as const satisfies Readonly<Record<string, Traits>>;

/** The maximum number of characters in the key of a customer in Fluent. */
export const LONGEST_USERNAME = 250;

type Table = typeof NATIVE_FIELDS;

export type NativeField = keyof Table;
export type TextField = {
  [Field in NativeField]: Table[Field] extends { kind: 'text' } ? Field : never;
}[NativeField];
/** The fields that an update can change; only these are read. */
export type UpdatableField = {
  [Field in NativeField]: Table[Field] extends { onCreateOnly: true } ? never : Field;
}[NativeField];
export type UpdatableTextField = TextField & UpdatableField;

/** A value for each of the fields. */
export type ValuesOf<Field extends NativeField> = {
  [Name in Field]?: Name extends TextField ? string : boolean;
};

export const NATIVE_FIELD_NAMES: readonly NativeField[] = Object.keys(NATIVE_FIELDS).filter(isNative);
export const TEXT_FIELDS: readonly TextField[] = NATIVE_FIELD_NAMES.filter(isText);
export const UPDATABLE_FIELDS: readonly UpdatableField[] = NATIVE_FIELD_NAMES.filter(isUpdatable);
export const UPDATABLE_TEXT_FIELDS: readonly UpdatableTextField[] = TEXT_FIELDS.filter(isUpdatable);
/** The fields that are blanked when a customer is anonymised; the e-mail address is replaced instead. */
export const PERSONAL_FIELDS: readonly UpdatableTextField[] = UPDATABLE_TEXT_FIELDS.filter(
  (field) => traitsOf(field).personal === true,
);

function traitsOf(field: NativeField): Traits {
  return NATIVE_FIELDS[field];
}

function isNative(name: string): name is NativeField {
  return Object.hasOwn(NATIVE_FIELDS, name);
}

function isText(field: NativeField): field is TextField {
  return traitsOf(field).kind === 'text';
}

/** True for a field that `updateCustomer` takes. */
export function isUpdatable<Field extends NativeField>(field: Field): field is Field & UpdatableField {
  return traitsOf(field).onCreateOnly !== true;
}

/** An object that has the same value under each name. */
export function each<Name extends string, Value>(names: readonly Name[], value: Value): Record<Name, Value>;
export function each(names: readonly string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, value]));
}
