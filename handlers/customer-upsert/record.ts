import type { Attribute, FluentCustomer } from '../../src/handler.ts';

/** Always written besides what is mapped: which commercetools customer a Fluent customer is a copy of, and which version. */
export const PROJECT_ATTRIBUTE = 'commercetoolsProject';
export const ID_ATTRIBUTE = 'commercetoolsId';
export const VERSION_ATTRIBUTE = 'commercetoolsVersion';
const CLAIM_PREFIX = 'commercetoolsClaim.';

/** A commercetools customer: ids are unique within one project only. */
export interface Owner {
  readonly project: string;
  readonly id: string;
}

/**
 * What a customer has to do with a username, besides being its owner. `taken`: it wrote itself over another owner.
 * `waiting`: it wants the username and its owner was there. `left`: it was seen with another username. `gone`: it was deleted.
 */
export type Claim = 'taken' | 'waiting' | 'left' | 'gone';

const CLAIMS: ReadonlySet<unknown> = new Set<Claim>(['taken', 'waiting', 'left', 'gone']);

/** The one text for an owner: what maps and comparisons go by. */
export const keyOf = ({ project, id }: Owner): string => `${project}.${id}`;

/** Fluent's attributes by name. */
export function attributesOf(record: FluentCustomer): Map<string, unknown> {
  return new Map(record.attributes?.map(({ name, value }) => [name, value]));
}

function attributeOf(record: FluentCustomer, attribute: string): unknown {
  return record.attributes?.findLast(({ name }) => name === attribute)?.value;
}

/** The customer that Fluent's is a copy of. One that names no project was written before projects were: it is `ownProject`'s. */
export function ownerOf(record: FluentCustomer | undefined, ownProject: string): Owner | undefined {
  if (!record) return undefined;
  const id = attributeOf(record, ID_ATTRIBUTE);
  const project = attributeOf(record, PROJECT_ATTRIBUTE);
  if (typeof id !== 'string' || id === '') return undefined;
  return { id, project: typeof project === 'string' && project !== '' ? project : ownProject };
}

/** True when Fluent's customer is a copy of this one. */
export function isOwnedBy(record: FluentCustomer | undefined, owner: Owner): boolean {
  const found = ownerOf(record, owner.project);
  return found !== undefined && found.id === owner.id && found.project === owner.project;
}

/** The version of this customer that Fluent's is a copy of; 0 when it does not say, or is a copy of another customer. */
export function versionOf(record: FluentCustomer | undefined, owner: Owner): number {
  if (!record || !isOwnedBy(record, owner)) return 0;
  const version = Number(attributeOf(record, VERSION_ATTRIBUTE));
  return Number.isSafeInteger(version) && version > 0 ? version : 0;
}

/** The claims on the username of Fluent's customer, by `keyOf` the claimant. */
export function claimsOn(record: FluentCustomer | undefined): Map<string, { owner: Owner; claim: Claim }> {
  const claims = new Map<string, { owner: Owner; claim: Claim }>();
  for (const { name, value } of record?.attributes ?? []) {
    const owner = name.startsWith(CLAIM_PREFIX) ? claimantOf(name.slice(CLAIM_PREFIX.length)) : undefined;
    if (owner && isClaim(value)) claims.set(keyOf(owner), { owner, claim: value });
  }
  return claims;
}

/** The attribute that keeps a claim. Each claimant has one of its own, so that no write replaces the claim of another. */
export function claimAttribute(owner: Owner, claim: Claim): Attribute {
  return { name: CLAIM_PREFIX + keyOf(owner), type: 'STRING', value: claim };
}

// Neither project keys nor ids hold a dot.
function claimantOf(key: string): Owner | undefined {
  const [project, id, ...more] = key.split('.');
  return project && id && more.length === 0 ? { project, id } : undefined;
}

function isClaim(value: unknown): value is Claim {
  return CLAIMS.has(value);
}
