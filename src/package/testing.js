import './resolve.js';
import { load } from './load.js';

// What `import … from 'commercetools-fluent-customer-sync/testing'` gives. A test compares the names with `src/testing.ts`.
export const {
  notificationOf,
  previewCustomer,
  sampleCustomer,
  sampleEvent,
  sampleFluentCustomer,
  startTestKit,
} = await load('testing');
