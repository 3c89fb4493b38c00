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

// The handler's memory asks this clock; no test below waits for time to pass.
const clock = { now: 1_000_000 };
// `t.intercept` notes a stack at each use, which takes most of the time.
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
  t.test(`usernames end with who has the right to them, onDelete: ${onDelete}`, async () => {
    await fc.assert(property(onDelete), { seed, numRuns: RUNS, endOnFailure: false });
  });

for (const [name, example] of Object.entries(FOUND))
  for (const onDelete of ['ignore', 'anonymise'] as const)
    t.test(`usernames end well when ${name}, onDelete: ${onDelete}`, async () => {
      await fc.assert(property(onDelete), { examples: [[example]], numRuns: 1, endOnFailure: true });
    });

/** Leaves attributes out of all that Fluent shows. */
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

/** The cure for each of these taken out: the model must find the defect. */
const BREAKS: Record<keyof typeof CONTENTION, { onDelete: OnDelete; fault: RegExp; breakWith: Break }> = {
  'a deletion blanks the living one that took the username over': {
    onDelete: 'anonymise',
    fault: /overwritten: .* should be one of/,
    breakWith: without(isClaim),
  },
  'a slow update of one that is gone lands on the living one': {
    onDelete: 'ignore',
    fault: /overwritten: .* should be one of/,
    breakWith: without(isClaim),
  },
  'two that are living take a username over at once': {
    onDelete: 'ignore',
    fault: /was never told/,
    breakWith: without(isClaim),
  },
  'the owner of another project is asked for in the own one': {
    onDelete: 'ignore',
    fault: /was never told/,
    breakWith: without((name) => name === 'commercetoolsProject'),
  },
  'a deletion is believed to a query that lags': {
    onDelete: 'anonymise',
    fault: /left/,
    // It is handled as an update that tells no version.
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
    t.ok((await fc.check(property(onDelete, breakWith, fault), only)).failed, 'is noticed without its cure');
  });
