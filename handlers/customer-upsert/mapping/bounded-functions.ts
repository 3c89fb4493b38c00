import jsonata from 'jsonata';
import { type Budget, OverLimit } from './budget.ts';
import { budgetIn } from './evaluation-hooks.ts';

type Arguments = readonly unknown[];
/** Pays for a call before it is made; gives the arguments to make it with. */
type Pay = (args: Arguments, budget: Budget) => Arguments;

/**
 * JSONata's functions that may do much in one call, where no hook sees it. Not bounded: `$toMillis` makes a backtracking
 * expression of its picture, so one of many adjoining names (`[MNn][MNn][MNn]…`) may take long for a long text.
 */
const PAY: Readonly<Record<string, Pay>> = {
  pad(args, budget) {
    if (typeof args[1] === 'number') budget.spendOnSize(Math.abs(args[1]));
    return args;
  },
  join(args, budget) {
    const [texts, separator] = args;
    const between = typeof separator === 'string' ? separator.length : 0;
    if (Array.isArray(texts))
      budget.spendOnSize(texts.reduce((sum, text) => sum + between + String(text).length, 0));
    return args;
  },
  distinct(args, budget) {
    // It compares each item with each.
    if (Array.isArray(args[0])) budget.spend(Math.ceil(args[0].length ** 2 / 8));
    return args;
  },
  contains: payForSearch,
  match: payForSearch,
  replace: payForSearch,
  split: payForSearch,
  formatInteger: refuseLargePicture,
  formatNumber: refuseLargePicture,
  fromMillis: refuseLargePicture,
  parseInteger: refuseLargePicture,
  toMillis: refuseLargePicture,
};

const LONGEST_PICTURE = 256;
/** A width of four digits, as in `[Y,1000000]`. */
const LARGE_WIDTH = /,[^\]]*\d{4}/;

function refuseLargePicture(args: Arguments): Arguments {
  const picture = args[1];
  if (typeof picture === 'string' && (picture.length > LONGEST_PICTURE || LARGE_WIDTH.test(picture)))
    throw new OverLimit('characters in a picture');
  return args;
}

const CHARACTERS_AHEAD_A_STEP = 256;

/** A search reads the text once; each further match is paid for as well, because the engine may look ahead to the end. */
function payForSearch([text, pattern, ...rest]: Arguments, budget: Budget): Arguments {
  if (typeof text !== 'string' || typeof pattern !== 'function') return [text, pattern, ...rest];
  const follow = (match: unknown): unknown => {
    if (!isMatch(match)) return match;
    const { end, next } = match;
    return {
      ...match,
      async next() {
        budget.spend(Math.floor((text.length - end) / CHARACTERS_AHEAD_A_STEP));
        await budget.step();
        return follow(await next());
      },
    };
  };
  return [
    text,
    async (searched: unknown) => {
      budget.spendOnSize(text.length);
      return follow(await pattern(searched));
    },
    ...rest,
  ];
}

/** What the engine makes of a regular expression's match; a matcher that the mapping defines pays node by node. */
function isMatch(match: unknown): match is { readonly end: number; readonly next: () => unknown } {
  if (typeof match !== 'object' || match === null || !('end' in match) || !('next' in match)) return false;
  return typeof match.end === 'number' && typeof match.next === 'function';
}

interface Definition {
  readonly implementation: (...args: Arguments) => unknown;
}

/** An expression that is only a function's name evaluates to JSONata's definition of the function. */
const DEFINITIONS: ReadonlyMap<string, Definition> = new Map(
  await Promise.all(
    Object.keys(PAY).map(async (name) => {
      const definition: unknown = await jsonata(`$${name}`).evaluate({});
      if (!isDefinition(definition)) throw new Error(`Expected JSONata to have a function $${name}.`);
      return [name, definition] as const;
    }),
  ),
);

function isDefinition(value: unknown): value is Definition {
  if (typeof value !== 'object' || value === null || !('implementation' in value)) return false;
  return typeof value.implementation === 'function';
}

/** Puts functions that pay from the budget in the place of the built-in ones that may do much. */
export function payForCalls(expression: { assign(name: string, value: unknown): void }): void {
  for (const [name, definition] of DEFINITIONS) {
    const pay = PAY[name];
    if (pay) expression.assign(name, paying(definition, pay));
  }
}

function paying(definition: Definition, pay: Pay): Definition {
  const { implementation } = definition;
  function call(this: { environment: jsonata.Environment }, ...args: Arguments): unknown {
    const budget = budgetIn(this.environment);
    if (!budget) return implementation.apply(this, [...args]);
    const result = implementation.apply(this, [...pay(args, budget)]);
    const payForText = (value: unknown) => {
      if (typeof value === 'string') budget.spendOnSize(value.length);
      return value;
    };
    return result instanceof Promise ? result.then(payForText) : payForText(result);
  }
  // The engine reads the names of the parameters from the text of a function, and their number from its length.
  Object.defineProperty(call, 'length', { value: implementation.length });
  Object.defineProperty(call, 'toString', { value: () => implementation.toString() });
  return { ...definition, implementation: call };
}
