import fc from 'fast-check';
import t from 'tap';
import customerUpsert from '../../handlers/customer-upsert/index.ts';
import type { Handle } from '../../src/handler.ts';
import { type History, history } from './actions.ts';
import { EXAMPLES } from './examples.ts';
import { attribute, type Upstreams, versionIn } from './upstreams.ts';
import { type Break, play } from './world.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 500);
const MEMORY_SECONDS = 10;

// The handler's memory uses this clock; no test below waits for real time.
const clock = { now: 1_000_000 };
// `t.intercept` records a stack for each use, which would take most of the time.
const { now } = performance;
performance.now = () => clock.now;
t.teardown(() => {
  performance.now = now;
});

interface Model {
  readonly onDelete: 'ignore' | 'anonymise';
  readonly memorySeconds: number;
  readonly breakWith?: Break;
  /** The fault to look for; every fault if undefined. */
  readonly fault?: RegExp;
}

let histories = 0;

// Compiling the mapping takes most of the time. Each history has a customer of its own, so handlers and their memory are
// shared.
const PROPS = {
  ignore: customerUpsert.props.parse({ onDelete: 'ignore' }),
  anonymise: customerUpsert.props.parse({ onDelete: 'anonymise' }),
};
const HANDLERS = new Map<string, Promise<Handle>[]>();

/** Throws with the differences in Fluent after a history, or with violations during it. */
function property({ onDelete, memorySeconds, breakWith, fault = /./ }: Model) {
  const handlers = HANDLERS.get(`${onDelete} ${memorySeconds}`) ?? [];
  HANDLERS.set(`${onDelete} ${memorySeconds}`, handlers);
  async function handlerOf(nth: number): Promise<Handle> {
    handlers[nth] ??= Promise.resolve(
      customerUpsert.create(PROPS[onDelete], { duplicateMemorySeconds: memorySeconds }),
    );
    return handlers[nth];
  }
  return fc.asyncProperty(history, async (past) => {
    histories += 1;
    const options = { id: `c-${histories}`, handlerOf, clock, ...(breakWith && { breakWith }) };
    const upstreams = await play(past, options);
    // Fluent is checked only if every message was acknowledged; nothing is promised before.
    const faults = upstreams.violations.length > 0 ? upstreams.violations : differences(upstreams, onDelete);
    if (faults.some((each) => fault.test(each))) throw new Error(faults.join('; '));
  });
}

/** Compares without code of the handler, so that an error in its mapping is found. */
function differences(upstreams: Upstreams, onDelete: Model['onDelete']): string[] {
  const { truth } = upstreams;
  const held = upstreams.inFluent();
  if (truth.gone && (onDelete === 'ignore' || !held)) return [];
  const wanted = truth.gone ? { firstName: undefined, phone: undefined, companyName: undefined } : truth;
  const pairs = [
    ['firstName', wanted.firstName, held?.firstName || undefined],
    ['primaryPhone', wanted.phone, held?.primaryPhone || undefined],
    ['companyName', wanted.companyName, attribute(held, 'companyName')],
    [
      'primaryEmail',
      truth.gone ? `deleted-${upstreams.id}@anonymised.invalid` : 'amba@example.com',
      held?.primaryEmail,
    ],
    // A late event cannot know the last version of a deleted customer.
    ['version', truth.gone ? versionIn(held) : truth.version, versionIn(held)],
  ] as const;
  return pairs.flatMap(([name, expected, found]) =>
    expected === found ? [] : [`${name} is ${found} in Fluent, and should be ${expected}`],
  );
}

const seed = Number(process.env['MODEL_SEED'] ?? 2);

for (const onDelete of ['ignore', 'anonymise'] as const)
  for (const memorySeconds of [0, MEMORY_SECONDS])
    t.test(`converges with onDelete: ${onDelete} and a memory of ${memorySeconds} s`, async () => {
      await fc.assert(property({ onDelete, memorySeconds }), { seed, numRuns: RUNS, endOnFailure: false });
    });

for (const [name, example] of Object.entries(EXAMPLES))
  t.test(`converges after ${name}`, async () => {
    const model = property({ onDelete: 'ignore', memorySeconds: MEMORY_SECONDS });
    await fc.assert(model, { examples: [[example]], numRuns: 1, endOnFailure: true });
  });

const NOT_EQUAL = /in Fluent, and should be/;
const OLDER_OVER_NEWER = /was written where/;

/** Disables what the handler relies on; the model must find the fault that it prevents. */
const BREAKS: Record<string, { fault: RegExp; breakWith: Break }> = {
  'the check after writing is taken out': {
    fault: NOT_EQUAL,
    breakWith: ({ commercetools, fluent }) => {
      let last: Awaited<ReturnType<typeof commercetools.readCustomer>>;
      return {
        fluent,
        commercetools: {
          get api() {
            return commercetools.api;
          },
          async readCustomer(id, options) {
            last = await commercetools.readCustomer(id, options);
            return last;
          },
          readVersion: async () => last?.version,
          async readCustomerById(id) {
            last = await commercetools.readCustomerById(id);
            return last;
          },
        },
      };
    },
  },
  'a newer version in Fluent passes for the one that was read': {
    fault: OLDER_OVER_NEWER,
    breakWith: ({ commercetools, fluent }) => {
      let reading = commercetools.readCustomerById.bind(commercetools, '');
      const remember = (read: ReturnType<typeof reading>) => {
        reading = () => read;
        return read;
      };
      return {
        commercetools: {
          get api() {
            return commercetools.api;
          },
          readCustomer: (id, options) => remember(commercetools.readCustomer(id, options)),
          readVersion: (id) => commercetools.readVersion(id),
          readCustomerById: (id) => remember(commercetools.readCustomerById(id)),
        },
        fluent: {
          ...fluent,
          async findCustomer(username, options) {
            const found = await fluent.findCustomer(username, options);
            const version = Math.min(versionIn(found), (await reading())?.version ?? 0);
            const others = found?.attributes?.filter(({ name }) => name !== 'commercetoolsVersion') ?? [];
            const attributes = [...others, { name: 'commercetoolsVersion', type: 'INTEGER', value: version }];
            return found && { ...found, attributes };
          },
        },
      };
    },
  },
};

for (const [name, broken] of Object.entries(BREAKS))
  t.test(`notices when ${name}`, async (t) => {
    const model = property({ onDelete: 'ignore', memorySeconds: 0, ...broken });
    const { failed, numRuns } = await fc.check(model, { seed, numRuns: 3_000, endOnFailure: true });
    t.ok(failed, `${numRuns} histories`);
  });

for (const onDelete of ['ignore', 'anonymise'] as const)
  t.test(`converges with onDelete: ${onDelete} although look-ups lag one write behind`, async () => {
    const breakWith: Break = ({ commercetools, fluent }, upstreams) => ({
      commercetools,
      fluent: {
        ...fluent,
        async findCustomer(username, options) {
          const found = await fluent.findCustomer(username, options);
          return upstreams.inFluent(1) ?? found;
        },
      },
    });
    await fc.assert(property({ onDelete, memorySeconds: 0, breakWith, fault: NOT_EQUAL }), {
      seed,
      numRuns: RUNS,
      endOnFailure: false,
    });
  });

t.test('notices when the response to a write contains only what was sent', async (t) => {
  const breakWith: Break = ({ commercetools, fluent }) => ({
    commercetools,
    fluent: {
      ...fluent,
      async updateCustomer(input) {
        await fluent.updateCustomer(input);
        return input;
      },
    },
  });
  const model = property({ onDelete: 'ignore', memorySeconds: MEMORY_SECONDS, breakWith, fault: NOT_EQUAL });
  const [example] = Object.values(EXAMPLES);
  const examples: [History][] = example ? [[example]] : [];
  t.ok((await fc.check(model, { examples, numRuns: 1, endOnFailure: true })).failed);
});

t.test('notices when the memory lasts longer than the retry delay', async (t) => {
  const model = property({ onDelete: 'ignore', memorySeconds: 60, fault: NOT_EQUAL });
  const [, example] = Object.values(EXAMPLES);
  const examples: [History][] = example ? [[example]] : [];
  t.ok((await fc.check(model, { examples, numRuns: 1, endOnFailure: true })).failed);
});
