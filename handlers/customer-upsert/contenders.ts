import type { Context, Customer, FluentCustomer } from '../../src/handler.ts';
import type { CustomerMap, Desired } from './mapping/map.ts';
import { claimsOn, keyOf, type Owner, ownerOf } from './record.ts';

/** The state in commercetools of another customer that has, or had, a username. */
export type Standing =
  /** The customer exists, and the mapping gives it this username. */
  | {
      readonly kind: 'rightful';
      readonly owner: Owner;
      readonly customer: Customer;
      readonly desired: Desired;
    }
  /** The customer exists, but the mapping gives it another username. */
  | { readonly kind: 'left'; readonly owner: Owner }
  | { readonly kind: 'gone'; readonly owner: Owner }
  /** Its project feeds this Fluent account, but is not configured here, so it cannot be read. */
  | { readonly kind: 'foreign'; readonly owner: Owner };

export type Standings = ReadonlyMap<string, Standing>;

const NONE: Standings = new Map();

/** The other customers that the plan depends on; usually there are none, and no request is sent. */
export function contendersFor(
  record: FluentCustomer | undefined,
  me: Owner,
  presence: 'living' | 'left' | 'gone',
): Owner[] {
  if (!record) return [];
  const owner = ownerOf(record, me.project);
  const claimants = [...claimsOn(record).values()]
    .filter(({ claim }) => claim === 'taken' || (presence !== 'living' && claim === 'waiting'))
    .flatMap((claimed) => [claimed.owner, ...(claimed.from ? [claimed.from] : [])]);
  const others = [...(owner ? [owner] : []), ...claimants].filter((other) => keyOf(other) !== keyOf(me));
  return [...new Map(others.map((other) => [keyOf(other), other])).values()];
}

/** Reads each contender from commercetools, by id, because queries may be stale. */
export async function readStandings(
  contenders: readonly Owner[],
  username: string,
  map: CustomerMap,
  { projects }: Pick<Context, 'projects'>,
): Promise<Standings> {
  if (contenders.length === 0) return NONE;
  const standings = await Promise.all(
    contenders.map((owner) => readStanding(owner, username, map, projects.get(owner.project))),
  );
  return new Map(standings.map((standing) => [keyOf(standing.owner), standing]));
}

async function readStanding(
  owner: Owner,
  username: string,
  map: CustomerMap,
  project: Context['projects'] extends ReadonlyMap<string, infer Project> ? Project | undefined : never,
): Promise<Standing> {
  if (!project) return { kind: 'foreign', owner };
  const customer = ID.test(owner.id) ? await project.commercetools.readCustomerById(owner.id) : undefined;
  if (!customer) return { kind: 'gone', owner };
  const desired = await map.map(customer, owner.project);
  return desired.username === username
    ? { kind: 'rightful', owner, customer, desired }
    : { kind: 'left', owner };
}

/** The form of a commercetools id; the attribute is read from Fluent, where it may have been changed. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;
