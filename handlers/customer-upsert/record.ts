import type { Attribute, FluentCustomer } from '../../src/handler.ts';

/** Written in addition to the mapped fields: the commercetools customer that a Fluent customer is a copy of, and its version. */
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
 * The relation of a customer to a username that it does not own. `taken`: it wrote itself over another owner.
 * `waiting`: it wants the username and its owner was there. `left`: it has another username. `gone`: it was deleted.
 */
export type ClaimKind = 'taken' | 'waiting' | 'left' | 'gone';

/** `from` is the owner that had another username when it was written over: it may have come back meanwhile. */
export interface Claim {
  readonly owner: Owner;
  readonly claim: ClaimKind;
  readonly from?: Owner | undefined;
}

const CLAIMS: ReadonlySet<unknown> = new Set<ClaimKind>(['taken', 'waiting', 'left', 'gone']);

/** The one text for an owner: what maps and comparisons go by. */
export const keyOf = ({ project, id }: Owner): string => `${project}.${id}`;

/** How an attribute is named among the fields of a customer. */
export const attributeField = (name: string): string => `attributes.${name}`;

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
export function claimsOn(record: FluentCustomer | undefined): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const { name, value } of record?.attributes ?? []) {
    const owner = name.startsWith(CLAIM_PREFIX) ? claimantOf(name.slice(CLAIM_PREFIX.length)) : undefined;
    const [claim, from = ''] = typeof value === 'string' ? value.split(' ') : [];
    if (owner && isClaim(claim)) claims.set(keyOf(owner), { owner, claim, from: claimantOf(from) });
  }
  return claims;
}

/**
 * The attribute that keeps a claim. Each claimant has one of its own and writes no other, so that no claim is lost; only
 * `gone`, which is final, may be written by anybody.
 */
export function claimAttribute(owner: Owner, claim: ClaimKind, from?: Owner): Attribute {
  const value = from ? `${claim} ${keyOf(from)}` : claim;
  return { name: CLAIM_PREFIX + keyOf(owner), type: 'STRING', value };
}

// Neither project keys nor ids hold a dot.
function claimantOf(key: string): Owner | undefined {
  const [project, id, ...more] = key.split('.');
  return project && id && more.length === 0 ? { project, id } : undefined;
}

function isClaim(value: unknown): value is ClaimKind {
  return CLAIMS.has(value);
}
