import { load } from './load.js';

// What `import … from 'commercetools-fluent-customer-sync'` gives: the values of the handler contract, of which there must
// be one copy only. A test compares the names with `src/handler.ts`.
export const { Conflict, Failure, LENGTHS, NotFound, NotThere, Rejection, UnusableProps, defineHandler } =
  await load('handler');
