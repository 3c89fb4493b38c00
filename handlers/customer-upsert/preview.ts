import { type Context, type Event, type FluentCustomer, type Preview, Rejection } from '../../src/handler.ts';
import { contendersFor, readStandings } from './contenders.ts';
import type { CustomerMap, Desired } from './mapping/map.ts';
import { type Plan, plan } from './plan.ts';
import type { Props } from './props.ts';
import { type Owner, versionOf } from './record.ts';
import { valuesOf } from './values.ts';
import { requireUsername } from './writes.ts';

const NOTHING = { differing: [], blanked: [], cut: [], unusable: [] } as const;

/** Previews what `handle` would do with an event: the same plan, without a write. */
export function preview(
  map: CustomerMap,
  { mapping, onDelete }: Props,
): (event: Event, context: Context) => Promise<Preview> {
  return async ({ resource, version, deletion }, context) => {
    let seen: Omit<Preview, 'action'> = { ...NOTHING, username: undefined, found: false };
    try {
      if (!resource)
        throw new Rejection('no-resource', 'Expected an event about a customer, got one without a resource.');
      const { id, identifiers } = resource;
      const { commercetools, fluent, account } = context;
      const me: Owner = { project: account.projectKey, id };
      let customer = deletion
        ? await commercetools.readCustomerById(id)
        : await commercetools.readCustomer(id, { atLeast: version });
      let desired = customer && (await map.map(customer, me.project));
      const username = desired ? requireUsername(desired) : await map.username({ id, ...identifiers });
      if (username === undefined) return { ...seen, ...gone(onDelete) };
      const record = await fluent.findCustomer(username, { alone: !customer });
      seen = seenOf(username, record, desired);
      // Fluent may have been written since by another instance.
      if (customer && versionOf(record, me) > customer.version) {
        customer = await commercetools.readCustomerById(id);
        desired = customer && (await map.map(customer, me.project));
        seen = seenOf(username, record, desired);
      }
      const next = plan({
        me,
        username,
        desired,
        absence: 'gone',
        isContended: true,
        record,
        freshness: customer ? 'looked-up' : 'written',
        standings: await readStandings(
          contendersFor(record, me, customer ? 'living' : 'gone'),
          username,
          map,
          context,
        ),
        copy: undefined,
        deletedVersion: version ?? 0,
        onDelete,
        mappedAttributes: Object.keys(mapping.attributes),
        retailerId: account.retailerId,
      });
      const values = () => valuesOf(username, desired, record, next);
      return customer
        ? { ...seen, ...living(next), values }
        : { ...seen, action: 'gone', ...whenGone(next), values };
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const { reason, message: detail } = error;
      return { ...seen, action: 'rejected', reason, detail };
    }
  };
}

function seenOf(
  username: string,
  record: FluentCustomer | undefined,
  desired: Desired | undefined,
): Omit<Preview, 'action'> {
  const { cut, unusable } = desired ?? NOTHING;
  const seen = { username, found: record !== undefined, differing: [], blanked: [], cut, unusable };
  return desired ? { ...seen, version: desired.version } : seen;
}

function gone(onDelete: Props['onDelete']): Pick<Preview, 'action' | 'reason'> {
  return { action: 'gone', reason: onDelete === 'ignore' ? 'customer-gone' : 'no-username' };
}

type Planned = Pick<Preview, 'action'> & Partial<Preview>;

function living(next: Plan): Planned {
  if (next.kind === 'create') return { action: 'create', input: next.input };
  // A write that is not for this customer is made because another one has the username.
  if (next.kind === 'update')
    return next.reason
      ? { action: 'update', differing: next.differing, blanked: next.blanked, input: next.input }
      : { action: 'rejected', reason: 'username-taken' };
  const { outcome } = next;
  if (outcome.kind !== 'rejected') return { action: 'none' };
  return { action: 'rejected', reason: outcome.reason, detail: outcome.detail };
}

function whenGone(next: Plan): Partial<Preview> {
  if (next.kind === 'nothing') return { reason: next.outcome.reason };
  return next.kind === 'update' && next.reason === 'anonymised'
    ? { reason: 'anonymised', input: next.input }
    : { reason: 'username-passed-on', input: next.input };
}
