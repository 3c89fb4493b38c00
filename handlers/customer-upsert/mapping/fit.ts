import { NATIVE_FIELDS, type TextField } from '../../../src/handler.ts';

/** A mapped value made fit for a text field; `text` is undefined where commercetools has nothing. */
export type Fitted =
  | { readonly kind: 'fits' | 'cut'; readonly text: string | undefined }
  | { readonly kind: 'unusable' };

/** The value of an expression that failed. */
export const UNUSABLE = Symbol('unusable');

/** A text for whatever gives one without loss; Fluent's blank and nothing are the same here. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value as it comes back from Fluent, so that the two can be compared: the engine marks its arrays, and its objects have no prototype. */
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

/** Cuts a text to Fluent's maximum length. An e-mail address is never cut, because the rest could be another person's address. */
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
