import './resolve-package.js';
import { load } from './load-code.js';

// The exports of `commercetools-fluent-customer-sync/testing`. A test compares the names with `src/testing.ts`.
export const {
  notificationOf,
  previewCustomer,
  sampleCustomer,
  sampleEvent,
  sampleFluentCustomer,
  startTestKit,
} = await load('testing');
