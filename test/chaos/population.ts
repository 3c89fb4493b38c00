import type { Customer } from '@commercetools/platform-sdk';
import type { Configuration } from './configuration.ts';
import { type Identifiers, identifierFor, identifiersOf, keepIdentity, sourceOf } from './identity.ts';
import type { Lives } from './lives.ts';
import { change, draft } from './people.ts';
import type { Random } from './random.ts';
import type { Project } from './upstreams.ts';

const A_YEAR_MILLISECONDS = 365 * 86_400_000;

/** Somebody in a project; `number` makes the key, the numbers and their changes its own. */
export interface Person {
  readonly project: Project;
  readonly id: string;
  readonly number: number;
}

/** Everybody there has been, and what can happen to them: created, changed, deleted, followed by somebody alike. */
export class Population {
  readonly people: Person[] = [];
  readonly #projects: readonly Project[];
  readonly #configuration: Configuration;
  readonly #lives: Lives;
  readonly #random: Random;
  #numbers = 0;

  constructor(projects: readonly Project[], configuration: Configuration, lives: Lives, random: Random) {
    this.#projects = projects;
    this.#configuration = configuration;
    this.#lives = lives;
    this.#random = random;
  }

  /** The customer as it is; undefined once it is deleted. */
  customer({ project, id }: Person): Customer | undefined {
    return project.commercetools.customer(id);
  }

  /** A new customer; `identifiers` make it the same person as another. */
  async create(
    project: Project = this.#random.pick(this.#projects),
    identifiers: Identifiers = {},
  ): Promise<Person> {
    const { username, old, collisions } = this.#configuration;
    const number = this.#numbers;
    this.#numbers += 1;
    const given = collisions ? identifierFor(username, number) : {};
    const made = { ...draft(this.#random, number), ...given, ...identifiers };
    const at = this.#random.chance(old / 100)
      ? { at: new Date(Date.now() - A_YEAR_MILLISECONDS).toISOString() }
      : {};
    const { id } = await project.commercetools.createCustomer(made, at);
    const person = { project, id, number };
    this.people.push(person);
    return person;
  }

  /** One change by chance; nothing where the customer is gone. */
  async change(person: Person): Promise<void> {
    const customer = this.customer(person);
    if (customer === undefined) return;
    const changed = change(this.#random, customer, person.number);
    const { username, collisions } = this.#configuration;
    const kept = collisions
      ? keepIdentity(changed, username, this.#lives.shares(person.id), this.#random)
      : changed;
    // A field set to undefined is removed; the type of `updateCustomer` knows fields that are there only.
    const fields: Partial<Customer> = {};
    Object.assign(fields, kept);
    await person.project.commercetools.updateCustomer(person.id, fields);
  }

  /** Nothing where it is gone already. */
  async delete(person: Person): Promise<void> {
    if (this.customer(person) !== undefined) await person.project.commercetools.deleteCustomer(person.id);
  }

  /** Somebody living who shares a username, or did; undefined when there is nobody. */
  sharer(): Person | undefined {
    const sharers = this.people.filter(
      (person) => this.customer(person) !== undefined && this.#lives.shares(person.id),
    );
    return sharers.length === 0 ? undefined : this.#random.pick(sharers);
  }

  /** Where somebody with the username of `customer` can live beside whoever has it in `project`. */
  rooms(project: Project, customer: Customer): { project: Project; identifiers: Identifiers }[] {
    const source = sourceOf(this.#configuration.username);
    if (source === undefined) return [];
    const identifiers = identifiersOf(customer, source);
    return this.#projects
      .filter(({ account }) => account === project.account)
      .filter((other) => source === 'externalId' || !has(other, identifiers))
      .map((other) => ({ project: other, identifiers }));
  }
}

/** Whether somebody living in the project has one of them already. */
function has({ commercetools }: Project, identifiers: Identifiers): boolean {
  const wanted = Object.entries(identifiers);
  return commercetools
    .customers()
    .some((customer) => wanted.some(([name, value]) => Reflect.get(customer, name) === value));
}
