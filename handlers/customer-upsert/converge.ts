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
import { contendersFor, readStandings } from './contenders.ts';
import type { CustomerMap, Desired } from './mapping/map.ts';
import type { Memory } from './memory.ts';
import { type Copy, type Plan, plan, type Situation } from './plan.ts';
import { isOwnedBy, type Owner, ownerOf, versionOf } from './record.ts';
import { changedFields, requireUsername } from './writes.ts';

/** The customer to synchronise, and what the event says about it. */
export interface Subject {
  readonly id: string;
  /** The customer's version in the event; 0 when unknown. */
  readonly version: number;
  readonly isDeleted: boolean;
  /** Known before the customer is read, where it is made from the id alone. */
  readonly username: string | undefined;
  /** True when the event contains the customer's identifiers at that time. */
  readonly hasIdentifiers: boolean;
}

export interface Dependencies {
  readonly map: CustomerMap;
  readonly memory: Memory;
  readonly policy: Pick<Situation, 'onDelete' | 'mappedAttributes'>;
  /** The username that the customer had at the time of the event; undefined when the event does not contain it. */
  usernameOfEvent(): Promise<string | undefined>;
  /** Waits; rejects when `signal` aborts. */
  pause(milliseconds: number, signal: AbortSignal): Promise<unknown>;
}

/** Maximum rounds in one run; a customer that keeps changing is retried with the redelivery. */
const ROUNDS = 8;
/** Pauses between reads, before a version in Fluent counts as one that commercetools never had. */
const DOUBT_MILLISECONDS = [250, 500, 1_000, 2_000];

/**
 * Makes Fluent's customer equal to the commercetools customer that owns its username, while other instances may write the same
 * customer. An owner is the living customer with that username; two of them can exist for a moment.
 *
 * Each round reads, plans (`plan.ts`), writes, and reads again what the plan depends on: the version of the customer that was
 * written, and who owns the username. It ends when nothing is left to write. Why this converges without a lock:
 *
 * 1. Fluent replaces attributes by name, and answers a write with the customer as it is right after it. A customer that takes
 *    a username over, or finds it taken, writes a claim: an attribute of its own that no other customer writes, except the
 *    final `gone`. So the answer to the last write contains all claims.
 * 2. After its write, each run reads all customers with a claim from commercetools, by id. If another customer owns the
 *    username, the run writes that one, and repeats this if it wrote an old version. If a run crashes before this read, its
 *    event is delivered again, and the new run plans from what Fluent contains then.
 * 3. If several living customers take the same username over at once, the first writer keeps it: the answer to its write
 *    contains no other claim, and the later answers contain its claim. The others write the first one back and are rejected.
 *    A run that rejected its customer and then finds it to be the owner passes the username on in the same way.
 *    The claim of a rejected customer stays: when the owner is deleted, that run finds the claim and writes this customer.
 * 4. An owner may change its username, be overwritten, and change it back at the same time. The run that overwrites it names it
 *    in its own claim, and reads it again after the write.
 * 5. A customer may change its username while a run writes it under the old one, and so overwrite the new owner of the old
 *    username. The run then writes that owner (`leave`); after a crash, the redelivered event contains the old username.
 */
export async function converge(subject: Subject, context: Context, deps: Dependencies): Promise<Outcome> {
  const { commercetools, fluent, signal } = context;
  const { map, memory, policy } = deps;
  const { id } = subject;
  const me: Owner = { project: context.account.projectKey, id };

  let since = performance.now();
  let [customer, record] = await Promise.all([
    readSubject(),
    subject.username === undefined ? undefined : lookUp(subject.username),
  ]);
  let username = subject.username;
  let hasRecord = username !== undefined;
  let freshness: Situation['freshness'] = 'looked-up';
  let desired: Desired | undefined;
  let copy: Copy | undefined;
  let reason: string | undefined;
  const changed = new Set<string>();
  /** A version that is stored in Fluent but does not exist in commercetools. */
  let disproved: number | undefined;
  /** A username that a write of this customer may have gone to, and that is another one's by now. */
  let former =
    !subject.isDeleted && subject.username === undefined && subject.hasIdentifiers
      ? await deps.usernameOfEvent()
      : undefined;

  for (let round = 1; round <= ROUNDS; round += 1) {
    if (customer?.version !== desired?.version) desired = customer && (await map.map(customer, me.project));
    if (desired && round === 1) report(desired);
    const wanted = desired ? requireUsername(desired) : (username ?? (await deps.usernameOfEvent()));
    if (wanted === undefined) return withoutUsername();
    if (username !== undefined && wanted !== username) former = username;
    if (customer && former !== undefined && former !== wanted) await leave(former);
    former = undefined;
    if (wanted !== username || !hasRecord) {
      since = performance.now();
      record = await lookUp(wanted);
      freshness = 'looked-up';
      hasRecord = true;
      // A different username means a different Fluent customer, so the copy written before does not apply.
      if (wanted !== username) copy = undefined;
      username = wanted;
    }
    if (freshness === 'looked-up' && !isFresh(record, wanted)) freshness = 'stale';

    if (customer) {
      const claimed = versionOf(record, me);
      const known = Math.max(claimed === disproved ? 0 : claimed, memory.written(id, wanted));
      if (known > customer.version) {
        // Another run has written a newer version than this run read, and an older version must not overwrite it.
        customer = await readNewer(known, wanted);
        continue;
      }
    }

    const next = await planFor(wanted, desired, 'gone');
    if (next.kind === 'nothing') return conclude(next.outcome);

    const written = await write(next, wanted);
    if (!written) continue;
    record = written;
    freshness = 'written';
    copy = next.copy;
    reason = (next.kind === 'create' ? 'created' : next.reason) ?? reason;
    for (const field of changedFields(next)) changed.add(field);
    if (!customer || !copy || !isOwnedBy(record, me)) continue;
    memory.write(id, wanted, customer.version);
    const version = await commercetools.readVersion(id);
    if (version === undefined) customer = await commercetools.readCustomerById(id);
    else if (version !== customer.version)
      customer = await commercetools.readCustomer(id, { atLeast: version });
  }
  throw new Failure('unsettled', `Customer ${id} changed on each of ${ROUNDS} rounds; it is retried later.`);

  async function planFor(name: string, wanted: Desired | undefined, absence: 'left' | 'gone'): Promise<Plan> {
    const contenders = contendersFor(record, me, wanted ? 'living' : absence);
    return plan({
      ...policy,
      me,
      username: name,
      desired: wanted,
      absence,
      isContended: subject.username === undefined,
      record,
      freshness,
      standings: await readStandings(contenders, name, map, context),
      copy,
      deletedVersion: subject.version,
      retailerId: context.account.retailerId,
    });
  }

  /** Passes a former username on to its rightful customer, because a late write may have taken it. */
  async function leave(name: string): Promise<void> {
    if (name !== username || !hasRecord) {
      record = await fluent.findCustomer(name);
      freshness = 'looked-up';
      copy = undefined;
    }
    for (let round = 1; round <= ROUNDS; round += 1) {
      const next = await planFor(name, undefined, 'left');
      if (next.kind === 'nothing') {
        username = undefined;
        return;
      }
      const written = await write(next, name);
      if (!written) continue;
      record = written;
      freshness = 'written';
      copy = next.copy;
    }
    throw new Failure(
      'unsettled',
      `Customer ${id} changed on each of ${ROUNDS} rounds; it is retried later.`,
    );
  }

  async function readSubject(): Promise<Customer | undefined> {
    if (!subject.isDeleted)
      return commercetools.readCustomer(id, { atLeast: subject.version, allowStale: true });
    // A query may still return a deleted customer.
    const found = await commercetools.readCustomerById(id);
    if (!found) return undefined;
    throw new Failure(
      'stale-read',
      `Expected customer ${id} to be gone, as in its event, but commercetools still returns it by its id.`,
    );
  }

  /** The customer in Fluent; if the result is older than this instance's write, it is looked up again, alone. */
  async function lookUp(name: string): Promise<FluentCustomer | undefined> {
    const found = await fluent.findCustomer(name);
    return isFresh(found, name) ? found : fluent.findCustomer(name, { alone: true });
  }

  /** True if it contains the last write, or if the username belongs to another customer by now. */
  function isFresh(found: FluentCustomer | undefined, name: string): boolean {
    if (versionOf(found, me) >= memory.written(id, name)) return true;
    return ownerOf(found, me.project) !== undefined && !isOwnedBy(found, me);
  }

  /**
   * The customer in the version that Fluent names, or a newer one. A version that commercetools still does not have after some
   * seconds was never one of its own, unless this instance has written it: then it is commercetools that lags.
   */
  async function readNewer(known: number, name: string): Promise<Customer | undefined> {
    for (const milliseconds of [0, ...DOUBT_MILLISECONDS]) {
      if (milliseconds > 0) await deps.pause(milliseconds, signal).catch(() => undefined);
      if (signal.aborted) break;
      const newer = await commercetools.readCustomerById(id);
      if (!newer || newer.version >= known) return newer;
      if (milliseconds === DOUBT_MILLISECONDS.at(-1) && memory.written(id, name) < known) {
        context.log.warn(
          { claimed: known, version: newer.version },
          'Fluent names a version that commercetools does not have; the customer is written again.',
        );
        disproved = known;
        return newer;
      }
    }
    throw new Failure(
      'older-than-fluent',
      `Fluent has version ${known} of customer ${id}, commercetools only an older one; nothing was written.`,
    );
  }

  /** Undefined when Fluent's customer is not the one that the plan was made for; the caller plans again. */
  async function write(
    next: Exclude<Plan, { kind: 'nothing' }>,
    name: string,
  ): Promise<FluentCustomer | undefined> {
    if (signal.aborted)
      throw new Failure('out-of-time', 'The time for the event is up; nothing was written.');
    try {
      return next.kind === 'create'
        ? await fluent.createCustomer(next.input, { signal })
        : await fluent.updateCustomer(next.input, { signal, blanks: next.blanked });
    } catch (error) {
      if (error instanceof NotThere) {
        memory.forget(id, name);
        record = undefined;
        freshness = 'written';
        return undefined;
      }
      if (!(error instanceof Conflict)) throw error;
      if (next.kind === 'update')
        throw new Rejection(
          'unique-constraint',
          `Another customer in Fluent has a unique value of customer ${id}.`,
        );
      // Another instance created it first, so it is updated as soon as a look-up returns it.
      record = await fluent.findCustomer(name, { alone: true });
      freshness = 'looked-up';
      if (record) return undefined;
      throw new Failure(
        'create-conflict',
        `Fluent reports that customer ${id} exists, but does not return it.`,
      );
    }
  }

  function conclude(outcome: Outcome): Outcome {
    if (outcome.kind !== 'done') return outcome;
    const fields = changed.size > 0 && { changed: [...changed] };
    if (!customer) return reason === 'anonymised' ? { kind: 'done', reason, ...fields } : outcome;
    const { version } = customer;
    memory.finish(id, version, since);
    return { kind: 'done', reason: reason ?? outcome.reason, version, ...fields };
  }

  function withoutUsername(): Outcome {
    if (policy.onDelete === 'ignore') return { kind: 'ignored', reason: 'customer-gone' };
    throw new Rejection(
      'no-username',
      `Expected the event to contain the username of customer ${id}, got none.`,
    );
  }

  function report({ cut, unusable, overLimit }: Desired): void {
    if (cut.length > 0) context.log.warn({ fields: cut }, 'Values too long for Fluent were cut to fit.');
    if (unusable.length > 0)
      context.log.warn(
        { fields: unusable },
        'The mapping gave no usable value for these fields; they are left as they are.',
      );
    if (overLimit.length > 0)
      context.log.warn(
        { expressions: overLimit.map((path) => path.join('.')) },
        'These expressions of the mapping exceeded a limit for this customer, and were abandoned.',
      );
  }
}
