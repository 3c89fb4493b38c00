import {
  type Context,
  type Event,
  Failure,
  type FluentCustomer,
  type Preview,
  Rejection,
} from '../../src/handler.ts';
import { anonymisation } from './anonymise.ts';
import { createFor, requireOwnership, requireUsername } from './create.ts';
import { differingFields, updateFor, versionOf } from './difference.ts';
import type { CustomerMap, Desired } from './map.ts';
import type { Props } from './props.ts';

const NOTHING = { differing: [], cut: [], unusable: [] } as const;

/** Says what `handle` would do with an event, from the same map and the same comparison, without a write. */
export function preview(
  map: CustomerMap,
  { mapping, onDelete }: Props,
): (event: Event, context: Context) => Promise<Preview> {
  return async ({ resource, version, deletion }, context) => {
    if (!resource)
      return {
        ...NOTHING,
        action: 'rejected',
        username: undefined,
        found: false,
        reason: 'no-resource',
        detail: 'Expected an event about a customer, got one without a resource.',
      };
    const { id, identifiers } = resource;
    const { commercetools, fluent } = context;
    let customer = await commercetools.readCustomer(id, { atLeast: deletion ? undefined : version });
    if (!customer) return previewGone();

    let desired = await map.map(customer);
    const { username } = desired;
    const found = username === undefined ? undefined : await fluent.findCustomer(username);
    if (versionOf(found, id) > customer.version) {
      customer = await commercetools.readCustomerById(id);
      if (!customer) return previewGone();
      if (versionOf(found, id) > customer.version)
        throw new Failure(
          'older-than-fluent',
          `Fluent has version ${versionOf(found, id)} of customer ${id}, commercetools only ${customer.version}.`,
        );
      desired = await map.map(customer);
    }
    const { version: read } = customer;
    try {
      await requireOwnership(found, id, context);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const { reason, message: detail } = error;
      return { ...NOTHING, version: read, action: 'rejected', username, found: true, reason, detail };
    }
    return { version: read, ...describe(desired, found, context.account.retailerId) };

    async function previewGone(): Promise<Preview> {
      const username = await map.username({ id, ...identifiers });
      const found = username === undefined ? undefined : await fluent.findCustomer(username, { alone: true });
      const gone = { ...NOTHING, action: 'gone', username, found: found !== undefined } as const;
      if (onDelete === 'ignore') return { ...gone, reason: 'customer-gone' };
      if (username === undefined) return { ...gone, reason: 'no-username' };
      if (!found) return { ...gone, reason: 'never-in-fluent' };
      const input = anonymisation(id, found, username, Object.keys(mapping.attributes), version ?? 0);
      return input ? { ...gone, reason: 'anonymised', input } : { ...gone, reason: 'unchanged' };
    }
  };
}

function describe(desired: Desired, found: FluentCustomer | undefined, retailerId: string): Preview {
  const { username, cut, unusable } = desired;
  const differing = found ? differingFields(desired, found) : [];
  const seen = { username, found: found !== undefined, differing, cut, unusable } as const;
  try {
    const name = requireUsername(desired, undefined);
    if (!found) return { ...seen, action: 'create', input: createFor(name, desired, retailerId) };
    if (differing.length === 0) return { ...seen, action: 'none' };
    return { ...seen, action: 'update', input: updateFor(name, desired, found) };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { ...seen, action: 'rejected', reason: error.reason, detail: error.message };
  }
}
