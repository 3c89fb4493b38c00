import { load } from './load-code.js';

// What `import … from 'commercetools-fluent-customer-sync'` gives: the values of the handler contract, of which there must
// be one copy only. A test compares the names with `src/handler.ts`.
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
