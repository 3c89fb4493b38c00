import fc from 'fast-check';
import t from 'tap';
import { createHandle } from '../../handlers/customer-upsert/handle.ts';
import { DEFAULT_MAPPING } from '../../handlers/customer-upsert/mapping/mapping.ts';
import { Props } from '../../handlers/customer-upsert/props.ts';
import type { FluentCustomer, Handle } from '../../src/handler.ts';
import { type Contention, contention } from './contention-actions.ts';
import { CONTENTION, FOUND } from './contention-examples.ts';
import { type Break, contend } from './contention-world.ts';
import { judge } from './judge.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 150);
const seed = Number(process.env['MODEL_SEED'] ?? 2);

// The handler's memory uses this clock; no test below waits for real time.
const clock = { now: 1_000_000 };
// `t.intercept` records a stack for each use, which would take most of the time.
const { now } = performance;
performance.now = () => clock.now;
t.teardown(() => {
  performance.now = now;
});

type OnDelete = 'ignore' | 'anonymise';

let histories = 0;

function property(onDelete: OnDelete, breakWith?: Break, fault = /./) {
  const props = Props.parse({ onDelete, mapping: { ...DEFAULT_MAPPING, username: 'key' } });
  const handlers: Handle[] = [];
  const handlerOf = async (nth: number) => {
    handlers[nth] ??= createHandle(props, { duplicateMemorySeconds: 10 }, async () => undefined);
    return handlers[nth];
  };
  return fc.asyncProperty(contention, async (history) => {
    histories += 1;
    const rest = await contend(history, {
      prefix: `c${histories}`,
      handlerOf,
      clock,
      ...(breakWith && { breakWith }),
    });
    const faults = rest.violations.length > 0 ? rest.violations : judge(rest, onDelete);
    if (faults.some((each) => fault.test(each))) throw new Error(faults.join('; '));
  });
}

for (const onDelete of ['ignore', 'anonymise'] as const)
  t.test(`the rightful customers own the usernames at the end, onDelete: ${onDelete}`, async () => {
    await fc.assert(property(onDelete), { seed, numRuns: RUNS, endOnFailure: false });
  });

for (const [name, example] of Object.entries(FOUND))
  for (const onDelete of ['ignore', 'anonymise'] as const)
    t.test(`the usernames end correctly when ${name}, onDelete: ${onDelete}`, async () => {
      await fc.assert(property(onDelete), { examples: [[example]], numRuns: 1, endOnFailure: true });
    });

/** Removes attributes from everything that Fluent returns. */
function without(hidden: (name: string) => boolean): Break {
  const strip = <Held extends FluentCustomer | undefined>(held: Held): Held =>
    held && { ...held, attributes: held.attributes?.filter(({ name }) => !hidden(name)) };
  return ({ fluent, ...clients }) => ({
    ...clients,
    fluent: {
      ...fluent,
      findCustomer: async (...given) => strip(await fluent.findCustomer(...given)),
      createCustomer: async (...given) => strip(await fluent.createCustomer(...given)),
      updateCustomer: async (...given) => strip(await fluent.updateCustomer(...given)),
    },
  });
}

const isClaim = (name: string) => name.startsWith('commercetoolsClaim.');

/** Disables the protection against each defect; the model must find the defect. */
const BREAKS: Record<keyof typeof CONTENTION, { onDelete: OnDelete; fault: RegExp; breakWith: Break }> = {
  'a deletion blanks the living customer that took over the username': {
    onDelete: 'anonymise',
    fault: /overwritten: .* should be one of/,
    breakWith: without(isClaim),
  },
  'a slow update of a deleted customer overwrites the living one': {
    onDelete: 'ignore',
    fault: /overwritten: .* should be one of/,
    breakWith: without(isClaim),
  },
  'two living customers take over a username at once': {
    onDelete: 'ignore',
    fault: /was never rejected/,
    breakWith: without(isClaim),
  },
  'the owner from another project is read from this project': {
    onDelete: 'ignore',
    fault: /was never rejected/,
    breakWith: without((name) => name === 'commercetoolsProject'),
  },
  'a deletion relies on a query that lags': {
    onDelete: 'anonymise',
    fault: /left/,
    // Handles the deletion as an update without a version.
    breakWith: ({ event, ...clients }) => {
      const { version: _, ...update } = event;
      return { ...clients, event: event.deletion ? { ...update, deletion: false } : event };
    },
  },
};

for (const [name, { onDelete, fault, breakWith }] of Object.entries(BREAKS))
  t.test(name, async (t) => {
    const example = Object.entries(CONTENTION).find(([of]) => of === name)?.[1];
    if (!example) throw new Error('Expected an example.');
    const only = { examples: [[example]] satisfies [Contention][], numRuns: 1, endOnFailure: true };
    await fc.assert(property(onDelete), only);
    t.ok(
      (await fc.check(property(onDelete, breakWith, fault), only)).failed,
      'is found without the protection',
    );
  });
