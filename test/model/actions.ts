import fc from 'fast-check';

const value = fc.constantFrom('A', 'B', undefined);
const pick = fc.nat(30);

const person = fc.record({ firstName: value, companyName: value, phone: value });

/** The possible actions. A pick chooses one of the items that exist at the moment. */
export const action = fc.oneof(
  { weight: 14, arbitrary: fc.record({ kind: fc.constant('go-on'), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('run-on'),
      instance: pick,
      steps: fc.integer({ min: 2, max: 8 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('deliver'), pick, instance: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deliver-again'), pick, instance: pick }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('change'), person, jump: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), instance: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fault'), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 12 }) }),
  },
);

export type Action = typeof action extends fc.Arbitrary<infer Each> ? Each : never;

/** One history of the model. */
export const history = fc.record({
  /** True if Fluent has the customer's first version at the start. */
  synced: fc.boolean(),
  instances: fc.integer({ min: 1, max: 3 }),
  actions: fc.array(action, { minLength: 5, maxLength: 30, size: 'max' }),
  /** The customer is deleted before the action with this number, if there are that many. */
  deletedAt: fc.option(fc.nat(30), { freq: 4, nil: undefined }),
  /** Picks the operation that continues, while the rest of the history is completed. */
  rest: fc.array(pick, { minLength: 1, maxLength: 20 }),
});

export type History = typeof history extends fc.Arbitrary<infer Each> ? Each : never;
