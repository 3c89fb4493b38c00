import type { FluentCustomer } from '../../src/handler.ts';
import type { Rest } from './contention-world.ts';
import type { Person } from './people.ts';
import { attribute, versionIn } from './upstreams.ts';

/** Checks the owners of the usernames in Fluent, without code of the handler. */
export function judge({ people, fluent, rejected, moved }: Rest, onDelete: 'ignore' | 'anonymise'): string[] {
  const keys = new Set(people.map(({ states }) => states.at(-1)?.key ?? ''));
  return [...keys].flatMap((key) => {
    const all = people.filter(({ states }) => states.at(-1)?.key === key);
    const living = all.filter(({ states }) => states.at(-1)?.gone === false);
    const held = fluent.get(key);
    const owner = all.find(({ id }) => id === attribute(held, 'commercetoolsId'));
    if (living.length === 0) return judgeGone(held, owner, onDelete);
    const winner = living.find((person) => person === owner);
    const isRejected = ({ id }: Person) => rejected.has(`${id} ${key}`);
    // A customer that waits for a username is not notified when its owner changes to another.
    if (!winner && moved.has(key) && living.every(isRejected)) return [];
    if (!held || !winner)
      return [`overwritten: ${key} is ${owner?.id}'s, and should be one of ${ids(living)}`];
    return [
      ...differences(held, winner),
      ...living
        .filter((person) => person !== winner && !isRejected(person))
        .map(({ id }) => `overwritten: ${id} was never rejected although ${winner.id} has its username`),
    ];
  });
}

function judgeGone(
  held: FluentCustomer | undefined,
  owner: Person | undefined,
  onDelete: 'ignore' | 'anonymise',
): string[] {
  if (!held || !owner || onDelete === 'ignore') return [];
  // A run may die between its write under the new username and its check; the repeated event contains the old username only.
  if (new Set(owner.states.map(({ key }) => key)).size > 1) return [];
  return held.firstName || attribute(held, 'companyName') || !held.primaryEmail?.startsWith('deleted-')
    ? [`left: ${owner.id} is gone, and its data is in Fluent`]
    : [];
}

function differences(held: FluentCustomer, { id, project, states }: Person): string[] {
  const state = states.at(-1);
  const pairs = [
    ['firstName', state?.firstName, held.firstName || undefined],
    ['companyName', state?.companyName, attribute(held, 'companyName')],
    ['primaryEmail', `${id}@example.com`, held.primaryEmail],
    ['project', project, attribute(held, 'commercetoolsProject')],
    ['version', state?.version, versionIn(held)],
  ] as const;
  return pairs.flatMap(([name, expected, found]) =>
    expected === found ? [] : [`differs: ${name} of ${id} is ${found} in Fluent, and should be ${expected}`],
  );
}

const ids = (people: readonly Person[]) => people.map(({ id }) => id).join(', ');
