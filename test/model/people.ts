import type { Customer } from '../../src/handler.ts';

export const PROJECTS = ['one', 'two'] as const;
export type ProjectKey = (typeof PROJECTS)[number];

/** One version of a customer. */
export interface State {
  readonly version: number;
  readonly key: string;
  readonly firstName: string | undefined;
  readonly companyName: string | undefined;
  readonly gone: boolean;
}

/** A customer of a project with all its versions, oldest first. */
export interface Person {
  readonly project: ProjectKey;
  readonly id: string;
  readonly states: State[];
}

const MOST = 5;

/** The customers of the model in commercetools. The key is unique among the living customers of a project. */
export class People {
  readonly all: Person[] = [];
  /** The former keys of a customer. */
  readonly moved = new Set<string>();
  readonly #prefix: string;
  readonly #isUnique: boolean;
  readonly #changed: (person: Person) => void;

  /** With `isUnique`, living customers of one project have different keys, as commercetools requires for a key. */
  constructor(prefix: string, isUnique: boolean, changed: (person: Person) => void) {
    this.#prefix = prefix;
    this.#isUnique = isUnique;
    this.#changed = changed;
  }

  create(project: ProjectKey, key: string): void {
    if (this.#isTaken(project, key) || this.all.length >= MOST) return;
    const person: Person = { project, id: `${this.#prefix}-${this.all.length}`, states: [] };
    this.all.push(person);
    const name = `N${this.all.length}`;
    this.#become(person, { version: 1, key, firstName: name, companyName: undefined, gone: false });
  }

  change(pick: number, firstName: string | undefined, companyName?: string | undefined): void {
    const [person, state] = this.#pick(pick);
    if (person && state)
      this.#become(person, { ...state, firstName, companyName, version: state.version + 1 });
  }

  /** Changes the key of a customer, and thereby its username. */
  move(pick: number, key: string): void {
    const [person, state] = this.#pick(pick);
    if (!person || !state || state.key === key || this.#isTaken(person.project, key)) return;
    this.moved.add(state.key);
    this.#become(person, { ...state, key, version: state.version + 1 });
  }

  keyOf(id: string | undefined): string | undefined {
    return this.all.find((person) => person.id === id)?.states.at(-1)?.key;
  }

  delete(pick: number): void {
    const [person, state] = this.#pick(pick);
    if (person && state) this.#become(person, { ...state, gone: true, version: state.version + 1 });
  }

  /** The customer now, or a number of versions ago. */
  read(project: ProjectKey, id: string, back = 0): Customer | undefined {
    const person = this.all.find((one) => one.project === project && one.id === id);
    const state = person?.states.at(-1 - back);
    return person && state && !state.gone ? customerOf(person, state) : undefined;
  }

  #isTaken(project: ProjectKey, key: string): boolean {
    if (!this.#isUnique) return false;
    return this.#living.some((person) => person.project === project && person.states.at(-1)?.key === key);
  }

  get #living(): Person[] {
    return this.all.filter(({ states }) => states.at(-1)?.gone === false);
  }

  #pick(pick: number): [Person | undefined, State | undefined] {
    const living = this.#living;
    const person = living[pick % Math.max(1, living.length)];
    return [person, person?.states.at(-1)];
  }

  #become(person: Person, state: State): void {
    person.states.push(state);
    this.#changed(person);
  }
}

function customerOf({ id }: Person, { version, key, firstName, companyName }: State): Customer {
  return {
    id,
    version,
    key,
    createdAt: '2025-01-01T00:00:00.000Z',
    lastModifiedAt: '2025-01-01T00:00:00.000Z',
    email: `${id}@example.com`,
    isEmailVerified: false,
    authenticationMode: 'ExternalAuth',
    stores: [],
    shippingAddressIds: [],
    billingAddressIds: [],
    customerGroupAssignments: [],
    addresses: [],
    ...(firstName !== undefined && { firstName }),
    ...(companyName !== undefined && { companyName }),
  };
}
