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
  /** What joins a service to both. */
  readonly env: Record<string, string>;
  /** Creates another customer in commercetools, whom Fluent has never seen. */
  newCustomer(): Promise<Customer>;
}

/** When a push is answered whose event is not handled by then, in milliseconds from its arrival. */
export const ANSWER_MILLISECONDS = 59_000;

/** Starts both stand-ins. */
export async function startUpstreams(t: Current, options: CommercetoolsOptions = {}): Promise<Upstreams> {
  const commercetools = await startCommercetools(options);
  t.teardown(() => commercetools.close());
  const fluent = await startFluent();
  t.teardown(() => fluent.close());
  // Long, so that no test depends on how fast the machine is.
  const env = { ...environmentFor(commercetools, fluent), ACK_DEADLINE_SECONDS: '60' };
  let customers = 0;
  async function newCustomer() {
    customers += 1;
    return commercetools.createCustomer({ email: `person-${customers}@example.com`, firstName: 'Amba' });
  }
  return { commercetools, fluent, env, newCustomer };
}

/** Starts the service in this process, joined to the stand-ins; `env` is laid over what joins them. */
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

/** What commercetools publishes of a customer; without a project key it belongs to the only account. */
export function changeOf(
  { id, version }: { readonly id: string; readonly version: number },
  notificationType = 'ResourceUpdated',
): object {
  return { notificationType, resource: { typeId: 'customer', id }, version };
}
