import { load } from './load-code.js';

// The exports of `commercetools-fluent-customer-sync`: the values of the handler contract, of which there must be only one
// copy. A test compares the names with `src/handler.ts`.
export const {
  Conflict,
  defineHandler,
  each,
  Failure,
  isUpdatable,
  LONGEST_USERNAME,
  NATIVE_FIELD_NAMES,
  NATIVE_FIELDS,
  NotFound,
  NotThere,
  nearest,
  PERSONAL_FIELDS,
  Rejection,
  TEXT_FIELDS,
  UnusableProps,
} = await load('handler');
