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
import { attributesFor, differingFields, updateFor, versionOf } from './difference.ts';
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

/** The customer in Fluent, never older than what this instance has written. */
export type LookUp = (username: string, options?: { alone?: boolean }) => Promise<FluentCustomer | undefined>;

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
  const { commercetools, log } = context;
  const { id, atLeast, username: knownUsername } = subject;
  const { memory } = tools;

  let since = performance.now();
  let [customer, found] = await Promise.all([
    commercetools.readCustomer(id, { atLeast }),
    knownUsername === undefined ? undefined : lookUp(knownUsername),
  ]);
  let username = knownUsername;
  let lookedUpAfterRead = false;

  for (let round = 1; round <= ROUNDS; round += 1) {
    // What was found before a write of our own says nothing of Fluent any more: look again.
    if (!customer) return tools.gone(lookUp, username);
    const desired = await tools.map.map(customer);
    if (round === 1) report(desired);
    const wanted = requireUsername(desired, username);
    if (round > 1 || username === undefined) {
      since = performance.now();
      found = await lookUp(wanted);
      lookedUpAfterRead = true;
    }
    username = wanted;

    if (versionOf(found) > customer.version) {
      // Another instance has been here with a newer version than we have read: never older over newer.
      customer = await readNewer(versionOf(found));
      continue;
    }
    if (found && differingFields(desired, found).length === 0) {
      memory.finish(id, customer.version, since);
      return { kind: 'done', reason: 'unchanged' };
    }
    const written = await write(wanted, desired, found, customer);
    if (!written) continue;
    const { version }: Customer = customer;
    customer = await commercetools.readCustomer(id, { atLeast: version, check: true });
    if (customer?.version === version) {
      // A look-up older than the read may have missed a value that has come and gone since, and was not blanked then: the
      // events of the versions in between are still to come, and look again. Nothing is missed in what did not exist.
      const complete = lookedUpAfterRead || written === 'created';
      memory.finish(id, complete ? version : Math.min(version, atLeast ?? 0), since);
      return { kind: 'done', reason: written };
    }
  }
  throw new Failure(
    'unsettled',
    `Customer ${id} changed on each of ${ROUNDS} rounds; it is tried again later.`,
  );

  /** The customer in Fluent; an answer that shows less than this instance has written is asked for again, then refused. */
  async function lookUp(
    name: string,
    options: { alone?: boolean } = {},
  ): Promise<FluentCustomer | undefined> {
    if (!options.alone) {
      const gathered = await context.fluent.findCustomer(name);
      if (versionOf(gathered) >= memory.written(id)) return gathered;
    }
    const alone = await context.fluent.findCustomer(name, { alone: true });
    if (versionOf(alone) >= memory.written(id)) return alone;
    throw new Failure(
      'stale-look-up',
      `Expected version ${memory.written(id)} of customer ${id} in Fluent, which was written; its look-up shows ${versionOf(alone)}.`,
    );
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
    { version }: Customer,
  ) {
    if (context.signal.aborted)
      throw new Failure('out-of-time', 'The time for the event is up; nothing was begun.');
    try {
      if (seen) await context.fluent.updateCustomer(updateFor(name, desired, seen));
      else await context.fluent.createCustomer(createFor(name, desired, context.account.retailerId));
    } catch (error) {
      if (error instanceof NotThere) return undefined;
      if (!(error instanceof Conflict)) throw error;
      if (seen)
        throw new Rejection(
          'unique-constraint',
          `Another customer in Fluent has a unique value of customer ${id}.`,
        );
      // Another instance has created it first: now it can be updated.
      if (await context.fluent.findCustomer(name, { alone: true })) return undefined;
      throw new Failure('create-conflict', `Fluent says that customer ${id} exists, but does not show it.`);
    }
    memory.write(id, version);
    return seen ? 'updated' : 'created';
  }

  function report({ cut, unusable }: Desired): void {
    if (cut.length > 0) log.warn({ fields: cut }, 'Values too long for Fluent were cut to fit.');
    if (unusable.length > 0)
      log.warn(
        { fields: unusable },
        'The mapping gave no usable value for these fields; they are left as they are.',
      );
  }
}

function requireUsername({ username }: Desired, known: string | undefined): string {
  if (username === undefined)
    throw new Rejection(
      'no-username',
      'Expected the mapping to give a username, got none; give it a fallback.',
    );
  if (username.length > 250)
    throw new Rejection(
      'username-too-long',
      `Expected a username of at most 250 characters, got ${username.length}.`,
    );
  return known ?? username;
}

function createFor(username: string, desired: Desired, retailerId: string) {
  const primaryEmail = desired.fields.get('primaryEmail');
  if (primaryEmail === undefined)
    throw new Rejection(
      'no-email',
      'Expected the mapping to give a primaryEmail of at most 250 characters, got none; Fluent requires it, so give it a fallback.',
    );
  const texts = [...desired.fields].filter(([, text]) => text !== undefined);
  return {
    ...Object.fromEntries(texts),
    username,
    primaryEmail,
    // Consent is never assumed.
    promotionOptIn: desired.promotionOptIn ?? false,
    attributes: attributesFor(desired, new Map()),
    retailer: { id: retailerId },
  };
}
