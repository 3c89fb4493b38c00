/**
 * The test kit for handlers and mappings: `import … from 'commercetools-fluent-customer-sync/testing'`.
 *
 * `startTestKit` runs the real engine with stand-ins, which need additional packages (an error lists them). `previewCustomer`
 * and the samples are for pure functions, and need neither a server nor packages.
 */

export type { Project } from '../test/kit/configuration.ts';
export { type HeldCustomer, startTestKit, type TestKit } from '../test/kit/kit.ts';
export { previewCustomer, type Situation } from '../test/kit/preview.ts';
export {
  type EventFields,
  notificationOf,
  sampleCustomer,
  sampleEvent,
  sampleFluentCustomer,
} from '../test/kit/samples.ts';
export type { CommercetoolsSandbox, Fault as CommercetoolsFault } from '../test/sandbox/commercetools.ts';
export type { Fault as FluentFault, FluentSandbox } from '../test/sandbox/fluent.ts';
