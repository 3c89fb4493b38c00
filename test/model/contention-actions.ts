import fc from 'fast-check';
import { PROJECTS } from './people.ts';

const pick = fc.nat(30);
const key = fc.constantFrom('k', 'k', 'l');
const project = fc.constantFrom(...PROJECTS);

/** The possible actions. A pick chooses one of the items that exist at the moment. */
const happening = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('go-on'), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('run-on'),
      instance: pick,
      steps: fc.integer({ min: 2, max: 12 }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('deliver'),
      pick,
      instance: pick,
      again: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('create'), project, key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change'),
      pick,
      firstName: fc.constantFrom('A', undefined),
      companyName: fc.constantFrom('C', undefined),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move'), pick, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), instance: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fault'), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 12 }) }),
  },
);

export type Happening = typeof happening extends fc.Arbitrary<infer Each> ? Each : never;

/** One history of contention. */
export const contention = fc.record({
  /** False for a username that several customers of a project may have, such as one made from an `externalId`. */
  isUnique: fc.boolean(),
  instances: fc.integer({ min: 1, max: 3 }),
  actions: fc.array(happening, { minLength: 8, maxLength: 50, size: 'max' }),
  /** The lag of each read, in versions or writes. */
  lags: fc.array(fc.constantFrom(0, 0, 1, 2), { minLength: 1, maxLength: 8 }),
  /** Picks the operation that continues, while the rest of the history is completed. */
  rest: fc.array(pick, { minLength: 1, maxLength: 20 }),
});

export type Contention = typeof contention extends fc.Arbitrary<infer Each> ? Each : never;
