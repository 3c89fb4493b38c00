import './resolve-package.js';
import { load } from './load-code.js';

// What `import … from 'commercetools-fluent-customer-sync/testing'` gives. A test compares the names with `src/testing.ts`.
export const {
  notificationOf,
  previewCustomer,
  sampleCustomer,
  sampleEvent,
  sampleFluentCustomer,
  startTestKit,
} = await load('testing');
