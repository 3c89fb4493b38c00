import type { Context, Customer, FluentCustomer } from '../../src/handler.ts';
import type { CustomerMap, Desired } from './mapping/map.ts';
import { claimsOn, keyOf, type Owner, ownerOf } from './record.ts';

/** What commercetools says of another customer that has, or had, a username. */
export type Standing =
  /** It is there, and the username is its own by the mapping. */
  | {
      readonly kind: 'rightful';
      readonly owner: Owner;
      readonly customer: Customer;
      readonly desired: Desired;
    }
  /** It is there, with another username. */
  | { readonly kind: 'left'; readonly owner: Owner }
  | { readonly kind: 'gone'; readonly owner: Owner }
  /** Its project feeds this Fluent account from elsewhere: nobody here can ask. */
  | { readonly kind: 'foreign'; readonly owner: Owner };

export type Standings = ReadonlyMap<string, Standing>;

const NONE: Standings = new Map();

/** The other customers on whose standing it depends what may be written: none for most, so nothing is read for them. */
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

/** Asks commercetools for each contender, by id: queries may lag. */
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

/** What a commercetools id can be: the attribute is read back from Fluent, where anybody may have changed it. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;
