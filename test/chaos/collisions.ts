import type { Customer } from '@commercetools/platform-sdk';
import { identifiersOf } from './identity.ts';
import type { Person, Population } from './population.ts';
import type { Pace, Publisher } from './publisher.ts';
import type { Random } from './random.ts';

const TWO_SUCCESSORS_PROBABILITY = 0.3;
const ELSEWHERE_PROBABILITY = 0.2;
/** The largest distance in milliseconds, in either order, of two events that are published "at once". */
const TOGETHER_MILLISECONDS = 60;
const LATE_MILLISECONDS = 3_000;

/** Creates another customer with the username of `person`, in the same or another project of the account. */
export async function createSharer(population: Population, person: Person, random: Random): Promise<void> {
  const customer = population.customer(person);
  if (customer !== undefined) await join(population, person, customer, random);
}

/**
 * Deletes a customer and creates one or two with the same username. Their events are published close together in any order, or
 * one of them late.
 */
export async function succeed(
  population: Population,
  publisher: Publisher,
  person: Person,
  random: Random,
): Promise<void> {
  const customer = population.customer(person);
  if (customer === undefined) return;
  await publisher.paced(paceOf(random), async () => {
    await population.delete(person);
    const elsewhere =
      random.chance(ELSEWHERE_PROBABILITY) && (await join(population, person, customer, random));
    if (!elsewhere) await population.create(person.project, identifiersOf(customer));
    if (random.chance(TWO_SUCCESSORS_PROBABILITY)) await join(population, person, customer, random);
  });
}

/** Creates a customer with the same username in a project where this is possible; returns false if it is possible nowhere. */
async function join(
  population: Population,
  { project }: Person,
  customer: Customer,
  random: Random,
): Promise<boolean> {
  const rooms = population.rooms(project, customer);
  if (rooms.length === 0) return false;
  const room = random.pick(rooms);
  await population.create(room.project, room.identifiers);
  return true;
}

/** Chooses the delays of the events of a deletion and a creation; undefined keeps the publisher's random delays. */
function paceOf(random: Random): Pace | undefined {
  const start = random.between(0, 300);
  const together = () => start + random.between(0, TOGETHER_MILLISECONDS);
  const late = () => start + random.between(LATE_MILLISECONDS / 3, LATE_MILLISECONDS);
  switch (random.between(1, 6)) {
    case 1:
      return undefined;
    case 2:
      return (type) => (type === 'ResourceDeleted' ? late() : together());
    case 3:
      return (type) => (type === 'ResourceDeleted' ? start : late());
    default:
      return together;
  }
}
