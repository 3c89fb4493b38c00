import {
  Conflict,
  type Context,
  type Customer,
  Failure,
  type FluentCustomer,
  NotThere,
  type Outcome,
  Rejection,
} from '../../src/handler.ts';
import { createFor, requireOwnership, requireUsername } from './create.ts';
import { differingFields, hasLeftovers, otherOwner, updateFor, versionOf } from './difference.ts';
import type { CustomerMap, Desired } from './map.ts';
import type { Memory } from './memory.ts';

/** One customer on its way to Fluent. */
export interface Subject {
  readonly id: string;
  /** The version that the event tells of; a read must not be older. */
  readonly atLeast: number | undefined;
  /** Known before the customer is read, where it is made from the id alone. */
  readonly username: string | undefined;
}

/** What a look-up found, and whether it can be believed: it shows at least what this instance has written. */
export interface Found {
  readonly customer: FluentCustomer | undefined;
  readonly believable: boolean;
}

export type LookUp = (username: string, options?: { alone?: boolean }) => Promise<Found>;

export interface Tools {
  readonly map: CustomerMap;
  readonly memory: Memory;
  /** What becomes of the Fluent customer whose commercetools customer is gone. */
  gone(lookUp: LookUp, username: string | undefined): Promise<Outcome>;
}

/** A customer that changes more often than this while it is written is left to the redelivery. */
const ROUNDS = 6;

/**
 * Makes Fluent's customer equal to the current commercetools customer, whatever other instances do meanwhile.
 *
 * Each round reads, compares, writes a difference, and reads the version again: only a version that did not move while it
 * was written ends the loop. So whoever writes last has checked after writing, and nobody needs a lock.
 */
export async function converge(subject: Subject, context: Context, tools: Tools): Promise<Outcome> {
  const { commercetools } = context;
  const { id, atLeast, username: knownUsername } = subject;
  const { memory } = tools;

  let since = performance.now();
  let [customer, found] = await Promise.all([
    commercetools.readCustomer(id, { atLeast }),
    knownUsername === undefined ? undefined : lookUp(knownUsername),
  ]);
  let username = knownUsername;
  let written = false;

  for (let round = 1; round <= ROUNDS; round += 1) {
    // What was found before a write of our own says nothing of Fluent any more: look again.
    if (!customer) return tools.gone(lookUp, username);
    const desired = await tools.map.map(customer);
    if (round === 1) report(desired);
    const wanted = requireUsername(desired, username);
    if (round > 1 || username === undefined) {
      since = performance.now();
      found = await lookUp(wanted);
    }
    username = wanted;

    await requireOwnership(found?.customer, id, context);
    const known = Math.max(versionOf(found?.customer, id), memory.written(id));
    if (known > customer.version) {
      // Another run has been here with a newer version than we have read: never older over newer.
      customer = await readNewer(known);
      continue;
    }
    // An unbelievable look-up lags, or another instance has written an older version over ours: write, whatever it shows.
    if (found?.believable && found.customer && differingFields(desired, found.customer).length === 0) {
      memory.finish(id, customer.version, since);
      return { kind: 'done', reason: 'unchanged' };
    }
    const { version }: Customer = customer;
    const first = await write(wanted, desired, found?.customer, version);
    if (!first) continue;
    // The answer to a write is the one look at Fluent that cannot lag: what it still holds was not there to be seen before.
    if (hasLeftovers(desired, first.after) && !(await write(wanted, desired, first.after, version))) continue;
    customer = await commercetools.readCustomer(id, { atLeast: version, check: true });
    if (customer?.version === version) {
      memory.finish(id, version, since);
      return { kind: 'done', reason: first.reason };
    }
  }
  throw new Failure(
    'unsettled',
    `Customer ${id} changed on each of ${ROUNDS} rounds; it is tried again later.`,
  );

  /** The customer in Fluent; an answer that shows less than this instance has written is asked for again, alone. */
  async function lookUp(name: string, options: { alone?: boolean } = {}): Promise<Found> {
    if (!options.alone) {
      const gathered = await context.fluent.findCustomer(name);
      if (isBelievable(gathered)) return { customer: gathered, believable: true };
    }
    const customer = await context.fluent.findCustomer(name, { alone: true });
    return { customer, believable: isBelievable(customer) };
  }

  /** It shows what was written, or that the username has passed to another customer since. */
  function isBelievable(customer: FluentCustomer | undefined): boolean {
    return versionOf(customer, id) >= memory.written(id) || otherOwner(customer, id) !== undefined;
  }

  async function readNewer(version: number): Promise<Customer | undefined> {
    const newer = await commercetools.readCustomerById(id);
    if (!newer || newer.version >= version) return newer;
    throw new Failure(
      'older-than-fluent',
      `Fluent has version ${version} of customer ${id}, commercetools only ${newer.version}; nothing was written.`,
    );
  }

  /** Undefined when the customer turned out to be another than was found: look again. */
  async function write(
    name: string,
    desired: Desired,
    seen: FluentCustomer | undefined,
    version: number,
  ): Promise<{ reason: 'created' | 'updated'; after: FluentCustomer } | undefined> {
    // What this run has written it also puts right, however late: the event may be finished elsewhere by now, and then
    // nobody else would.
    const signal = written ? undefined : context.signal;
    if (signal?.aborted) throw new Failure('out-of-time', 'The time for the event is up; nothing was begun.');
    try {
      const after = seen
        ? await context.fluent.updateCustomer(updateFor(name, desired, seen), { signal })
        : await context.fluent.createCustomer(createFor(name, desired, context.account.retailerId), {
            signal,
          });
      written = true;
      memory.write(id, version);
      return { reason: seen ? 'updated' : 'created', after };
    } catch (error) {
      if (error instanceof NotThere) {
        memory.forget(id);
        return undefined;
      }
      if (!(error instanceof Conflict)) throw error;
      if (seen)
        throw new Rejection(
          'unique-constraint',
          `Another customer in Fluent has a unique value of customer ${id}.`,
        );
      // Another instance has created it first: now it can be updated, if it can be seen.
      if (await context.fluent.findCustomer(name, { alone: true })) return undefined;
      throw new Failure('create-conflict', `Fluent says that customer ${id} exists, but does not show it.`);
    }
  }

  function report({ cut, unusable }: Desired): void {
    if (cut.length > 0) context.log.warn({ fields: cut }, 'Values too long for Fluent were cut to fit.');
    if (unusable.length > 0)
      context.log.warn(
        { fields: unusable },
        'The mapping gave no usable value for these fields; they are left as they are.',
      );
  }
}
