import { setTimeout as wait } from 'node:timers/promises';
import { createSharer, succeed } from './collisions.ts';
import type { Configuration } from './configuration.ts';
import { harmless, type Poison, poisons } from './poison.ts';
import type { Person, Population } from './population.ts';
import type { Publisher } from './publisher.ts';
import type { Random } from './random.ts';

const POISON_ROUNDS = 3;
const BURST = { probability: 0.05, most: 8 };
const DELETION_PROBABILITY = 0.004;
/** The probabilities of collisions of usernames. */
const ADDITIONAL_SHARER_PROBABILITY = 0.25;
const RECREATION_PROBABILITY = 0.03;
const SHARER_PROBABILITY = 0.4;

export interface Amounts {
  readonly customers: number;
  readonly changes: number;
  readonly milliseconds: number;
}

/** Creates, changes and deletes customers, spread over the time; returns the number of changes, and the poison messages. */
export async function work(
  population: Population,
  publisher: Publisher,
  random: Random,
  { collisions }: Configuration,
  projectKey: string,
  amounts: Amounts,
): Promise<{ poison: readonly Poison[]; changes: number }> {
  const { customers, milliseconds } = amounts;
  const poison = poisons(projectKey, POISON_ROUNDS);
  const ignored = Array.from({ length: POISON_ROUNDS }, () => harmless(projectKey)).flat();
  const steps: (() => Promise<void>)[] = [
    ...poison.map(
      ({ data, mark }) =>
        async () =>
          publisher.later(data, { poison: mark }),
    ),
    ...ignored.map((data) => async () => publisher.later(data)),
  ];
  const firstCustomers = Math.ceil(customers / 3);
  let changes = 0;

  async function create(): Promise<void> {
    const person = await population.create();
    if (!collisions || !random.chance(ADDITIONAL_SHARER_PROBABILITY)) return;
    // Immediately, or some time later.
    if (random.chance(0.5)) await createSharer(population, person, random);
    else steps.push(() => createSharer(population, person, random));
  }

  function someone(): Person {
    const sharer = collisions && random.chance(SHARER_PROBABILITY) ? population.sharer() : undefined;
    return sharer ?? random.pick(population.people);
  }

  async function changeSome(): Promise<void> {
    const person = random.pick(population.people);
    const times = random.chance(BURST.probability) ? random.between(2, BURST.most) : 1;
    for (let time = 0; time < times && changes < amounts.changes; time += 1) {
      changes += 1;
      await population.change(person);
    }
    if (random.chance(DELETION_PROBABILITY)) await population.delete(person);
    if (!collisions) return;
    if (random.chance(RECREATION_PROBABILITY)) await succeed(population, publisher, someone(), random);
    if (random.chance(DELETION_PROBABILITY)) await population.delete(someone());
  }

  for (let count = 0; count < firstCustomers; count += 1) await create();
  for (let count = firstCustomers; count < customers; count += 1) steps.push(create);
  const startedAt = performance.now();
  const total = amounts.changes + steps.length;
  for (let left = total; left > 0; left = amounts.changes - changes + steps.length) {
    // The other poison messages are spread evenly between the changes.
    const other = random.chance(steps.length / left)
      ? steps.splice(random.between(0, steps.length - 1), 1)[0]
      : undefined;
    await (other ?? changeSome)();
    const ahead = (1 - left / total) * milliseconds - (performance.now() - startedAt);
    if (ahead > 5) await wait(ahead);
  }
  return { poison, changes };
}
