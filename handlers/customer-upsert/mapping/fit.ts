import { NATIVE_FIELDS, type TextField } from '../../../src/handler.ts';

/** A mapped value, converted for a text field; `text` is undefined if commercetools has no value. */
export type Fitted =
  | { readonly kind: 'fits' | 'cut'; readonly text: string | undefined }
  | { readonly kind: 'unusable' };

/** The value of an expression that failed. */
export const UNUSABLE = Symbol('unusable');

/** Converts a text, number or boolean to a text; undefined for an empty text (Fluent's blank) and any other value. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Converts a result of the engine to plain JSON, as Fluent returns it, to compare them: the engine's arrays have extra
 * properties, its objects no prototype.
 */
export function jsonOf(value: unknown): unknown {
  if (typeof value === 'function') return UNUSABLE;
  if (typeof value !== 'object' || value === null) return value;
  if ('_jsonata_function' in value || '_jsonata_lambda' in value) return UNUSABLE;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return UNUSABLE;
  }
}

/**
 * Cuts a text to Fluent's maximum length. An e-mail address is never cut, because the rest could be another person's address.
 */
export function fitText(field: TextField, value: unknown): Fitted {
  const text = textOf(value);
  if (text === undefined) {
    const absent = value === undefined || value === null || value === '';
    return absent ? { kind: 'fits', text: undefined } : { kind: 'unusable' };
  }
  const { longest } = NATIVE_FIELDS[field];
  if (text.length <= longest) return { kind: 'fits', text };
  if (field === 'primaryEmail') return { kind: 'unusable' };
  // Fluent counts UTF-16 units, as JavaScript does; half a surrogate pair must not remain at the end.
  return { kind: 'cut', text: text.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '') };
}
