import type { Customer } from '@commercetools/platform-sdk';
import type { Configuration } from './configuration.ts';
import { type Identifiers, identifierFor, identifiersOf, keepIdentity, sourceOf } from './identity.ts';
import type { Lives } from './lives.ts';
import { change, draft } from './people.ts';
import type { Random } from './random.ts';
import type { Project } from './upstreams.ts';

const A_YEAR_MILLISECONDS = 365 * 86_400_000;

/** A customer of a project; `number` makes its identifiers and changes unique. */
export interface Person {
  readonly project: Project;
  readonly id: string;
  readonly number: number;
}

/** All customers of a run, and their operations: create, change, delete, and create one with the same username. */
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

  /** The current customer; undefined after its deletion. */
  customer({ project, id }: Person): Customer | undefined {
    return project.commercetools.customer(id);
  }

  /** Creates a customer; `identifiers` make it the same person as another one. */
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

  /** Makes a random change; nothing for a deleted customer. */
  async change(person: Person): Promise<void> {
    const customer = this.customer(person);
    if (customer === undefined) return;
    const changed = change(this.#random, customer, person.number);
    const { username, collisions } = this.#configuration;
    const kept = collisions
      ? keepIdentity(changed, username, this.#lives.shares(person.id), this.#random)
      : changed;
    // A field set to undefined is removed, which the type of `updateCustomer` does not allow.
    const fields: Partial<Customer> = {};
    Object.assign(fields, kept);
    await person.project.commercetools.updateCustomer(person.id, fields);
  }

  /** Does nothing for a deleted customer. */
  async delete(person: Person): Promise<void> {
    if (this.customer(person) !== undefined) await person.project.commercetools.deleteCustomer(person.id);
  }

  /** A living customer that shares, or shared, a username; undefined if there is none. */
  sharer(): Person | undefined {
    const sharers = this.people.filter(
      (person) => this.customer(person) !== undefined && this.#lives.shares(person.id),
    );
    return sharers.length === 0 ? undefined : this.#random.pick(sharers);
  }

  /** The projects where another customer with the username of `customer` can be created, and its identifiers. */
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

/** True if a living customer of the project has one of them already. */
function has({ commercetools }: Project, identifiers: Identifiers): boolean {
  const wanted = Object.entries(identifiers);
  return commercetools
    .customers()
    .some((customer) => wanted.some(([name, value]) => Reflect.get(customer, name) === value));
}
