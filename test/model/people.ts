import type { Customer } from '../../src/handler.ts';

export const PROJECTS = ['one', 'two'] as const;
export type ProjectKey = (typeof PROJECTS)[number];

/** A customer in one of its versions. */
export interface State {
  readonly version: number;
  readonly key: string;
  readonly firstName: string | undefined;
  readonly gone: boolean;
}

/** A customer of a project, in all its versions, the oldest first. */
export interface Person {
  readonly project: ProjectKey;
  readonly id: string;
  readonly states: State[];
}

const MOST = 5;

/** The customers of the model in commercetools: a key is unique among the living ones of a project. */
export class People {
  readonly all: Person[] = [];
  readonly #prefix: string;
  readonly #changed: (person: Person) => void;

  constructor(prefix: string, changed: (person: Person) => void) {
    this.#prefix = prefix;
    this.#changed = changed;
  }

  create(project: ProjectKey, key: string): void {
    const isTaken = this.#living.some(
      (person) => person.project === project && person.states.at(-1)?.key === key,
    );
    if (isTaken || this.all.length >= MOST) return;
    const person: Person = { project, id: `${this.#prefix}-${this.all.length}`, states: [] };
    this.all.push(person);
    this.#become(person, { version: 1, key, firstName: `N${this.all.length}`, gone: false });
  }

  change(pick: number, firstName: string | undefined): void {
    const [person, state] = this.#pick(pick);
    if (person && state) this.#become(person, { ...state, firstName, version: state.version + 1 });
  }

  delete(pick: number): void {
    const [person, state] = this.#pick(pick);
    if (person && state) this.#become(person, { ...state, gone: true, version: state.version + 1 });
  }

  /** As it is, or as it was so many versions before. */
  read(project: ProjectKey, id: string, back = 0): Customer | undefined {
    const person = this.all.find((one) => one.project === project && one.id === id);
    const state = person?.states.at(-1 - back);
    return person && state && !state.gone ? customerOf(person, state) : undefined;
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

function customerOf({ id }: Person, { version, key, firstName }: State): Customer {
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
  };
}
