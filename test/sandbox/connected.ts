import type { Customer } from '@commercetools/platform-sdk';
import { type CommercetoolsOptions, type CommercetoolsSandbox, startCommercetools } from './commercetools.ts';
import { type FluentSandbox, startFluent } from './fluent.ts';
import { environmentFor, type ServiceSandbox, startService } from './service.ts';

/** The part of a tap test that is used. */
interface Current {
  teardown(stop: () => unknown): unknown;
}

/** Both stand-ins, closed at the end of the test. */
export interface Upstreams {
  readonly commercetools: CommercetoolsSandbox;
  readonly fluent: FluentSandbox;
  /** The environment variables for a service that uses both. */
  readonly env: Record<string, string>;
  /** Creates a customer in commercetools that does not exist in Fluent. */
  newCustomer(): Promise<Customer>;
}

/** The ack deadline: a push is answered after this time in milliseconds, even if its event is not handled yet. */
export const ANSWER_MILLISECONDS = 59_000;

/** Starts both stand-ins. */
export async function startUpstreams(t: Current, options: CommercetoolsOptions = {}): Promise<Upstreams> {
  const commercetools = await startCommercetools(options);
  t.teardown(() => commercetools.close());
  const fluent = await startFluent();
  t.teardown(() => fluent.close());
  // Long, so that no test depends on the speed of the machine.
  const env = { ...environmentFor(commercetools, fluent), ACK_DEADLINE_SECONDS: '60' };
  let customers = 0;
  async function newCustomer() {
    customers += 1;
    return commercetools.createCustomer({ email: `person-${customers}@example.com`, firstName: 'Amba' });
  }
  return { commercetools, fluent, env, newCustomer };
}

/** Starts the service in this process with the stand-ins; `env` overrides variables. */
export async function connect(
  t: Current,
  { env: joined }: Upstreams,
  env: Readonly<Record<string, string>> = {},
  options: Parameters<typeof startService>[1] = {},
): Promise<ServiceSandbox> {
  const service = await startService({ ...joined, ...env }, options);
  t.teardown(() => service.close());
  return service;
}

/** Returns the notification about a customer; without a project key it belongs to the only account. */
export function changeOf(
  { id, version }: { readonly id: string; readonly version: number },
  notificationType = 'ResourceUpdated',
): object {
  return { notificationType, resource: { typeId: 'customer', id }, version };
}
