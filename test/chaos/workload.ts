import { setTimeout as wait } from 'node:timers/promises';
import type { Customer } from '@commercetools/platform-sdk';
import type { CommercetoolsSandbox } from '../sandbox/commercetools.ts';
import type { Payload } from '../sandbox/commercetools-notifications.ts';
import type { Channel } from './channel.ts';
import { change, draft } from './people.ts';
import { harmless, type Poison, poisons } from './poison.ts';
import type { Random } from './random.ts';

const POISON_ROUNDS = 3;
const LONGEST_DELAY_MILLISECONDS = 3_000;
const BURST = { probability: 0.05, most: 8 };
const DELETION_PROBABILITY = 0.004;
const PUBLISHED_TWICE_PROBABILITY = 0.02;

export interface Amounts {
  readonly customers: number;
  readonly changes: number;
  readonly milliseconds: number;
}

/** Publishes late and in no order, and knows every message id that there should be an end of. */
export class Publisher {
  readonly ids = new Set<string>();
  readonly #messages = new Map<string, { data: string; attributes: Readonly<Record<string, string>> }>();
  readonly #channel: Channel;
  readonly #random: Random;
  readonly #under = new Set<Promise<void>>();

  constructor(channel: Channel, random: Random) {
    this.#channel = channel;
    this.#random = random;
  }

  /** As commercetools does after a change: some time later, and now and then twice. */
  notify(payload: Payload): void {
    const times = this.#random.chance(PUBLISHED_TWICE_PROBABILITY) ? 2 : 1;
    for (let time = 0; time < times; time += 1) this.later(JSON.stringify(payload));
  }

  later(data: string, attributes: Readonly<Record<string, string>> = {}): void {
    // Most leave soon; a few are overtaken by many.
    const delay = LONGEST_DELAY_MILLISECONDS * this.#random.next() ** 3;
    const sending = wait(delay).then(async () => {
      const id = await this.#channel.publish(data, attributes);
      this.ids.add(id);
      this.#messages.set(id, { data, attributes });
    });
    this.#under.add(sending);
    sending.finally(() => this.#under.delete(sending)).catch(() => undefined);
  }

  /** What was published under this id. */
  message(id: string): { data: string; attributes: Readonly<Record<string, string>> } | undefined {
    return this.#messages.get(id);
  }

  /** Waits until everything is published; rejects when something could not be. */
  async flush(): Promise<void> {
    while (this.#under.size > 0) await Promise.all([...this.#under]);
  }
}

/** Creates and changes customers, spread over the time; returns what was deleted and the poison among the messages. */
export async function work(
  commercetools: CommercetoolsSandbox,
  publisher: Publisher,
  random: Random,
  amounts: Amounts,
): Promise<{ poison: readonly Poison[]; changes: number; deleted: number }> {
  const { customers, milliseconds } = amounts;
  const poison = poisons(commercetools.projectKey, POISON_ROUNDS);
  const nobody = Array.from({ length: POISON_ROUNDS }, () => harmless(commercetools.projectKey)).flat();
  const steps: (() => Promise<void>)[] = [
    ...poison.map(
      ({ data, mark }) =>
        async () =>
          publisher.later(data, { poison: mark }),
    ),
    ...nobody.map((data) => async () => publisher.later(data)),
  ];
  const ids: string[] = [];
  const firstCustomers = Math.ceil(customers / 3);
  let changes = 0;
  let deleted = 0;

  async function create(): Promise<void> {
    ids.push((await commercetools.createCustomer(draft(random, ids.length))).id);
  }

  async function changeOnce(id: string): Promise<void> {
    const customer = commercetools.customer(id);
    if (customer === undefined) return;
    // A field set to undefined is removed; the type of `updateCustomer` knows fields that are there only.
    const fields: Partial<Customer> = {};
    Object.assign(fields, change(random, customer, ids.indexOf(id)));
    await commercetools.updateCustomer(id, fields);
  }

  async function changeSome(): Promise<void> {
    const id = random.pick(ids);
    const times = random.chance(BURST.probability) ? random.between(2, BURST.most) : 1;
    for (let time = 0; time < times && changes < amounts.changes; time += 1) {
      changes += 1;
      await changeOnce(id);
    }
    if (!random.chance(DELETION_PROBABILITY) || commercetools.customer(id) === undefined) return;
    deleted += 1;
    await commercetools.deleteCustomer(id);
  }

  for (let count = 0; count < firstCustomers; count += 1) await create();
  for (let count = firstCustomers; count < customers; count += 1) steps.push(create);
  const startedAt = performance.now();
  const total = amounts.changes + steps.length;
  for (let left = total; left > 0; left = amounts.changes - changes + steps.length) {
    // The others are strewn evenly among the changes.
    const other = random.chance(steps.length / left)
      ? steps.splice(random.between(0, steps.length - 1), 1)[0]
      : undefined;
    await (other ?? changeSome)();
    const ahead = (1 - left / total) * milliseconds - (performance.now() - startedAt);
    if (ahead > 5) await wait(ahead);
  }
  return { poison, changes, deleted };
}
