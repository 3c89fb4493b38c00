import jsonata from 'jsonata';
import { type Budget, OverLimit } from './budget.ts';
import { budgetIn } from './evaluation-hooks.ts';

type Arguments = readonly unknown[];
/** Spends the cost of a call from the budget before the call; returns the arguments for the call. */
type Pay = (args: Arguments, budget: Budget) => Arguments;

/**
 * JSONata's functions that may do much work in one call, which the evaluation hooks cannot count. One case is not bounded:
 * `$toMillis` compiles its picture to a backtracking regular expression, so a picture such as `[MNn][MNn][MNn]…` may take
 * long for a long text.
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
    // `$distinct` compares each item with all others.
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
/** A width of four or more digits, such as in `[Y,1000000]`. */
const LARGE_WIDTH = /,[^\]]*\d{4}/;

function refuseLargePicture(args: Arguments): Arguments {
  const picture = args[1];
  if (typeof picture === 'string' && (picture.length > LONGEST_PICTURE || LARGE_WIDTH.test(picture)))
    throw new OverLimit('characters in a picture');
  return args;
}

const CHARACTERS_AHEAD_A_STEP = 256;

/** The first match costs one pass over the text. Each further match costs too, because it may search to the end of the text. */
function payForSearch([text, pattern, ...rest]: Arguments, budget: Budget): Arguments {
  if (typeof text !== 'string' || typeof pattern !== 'function') return [text, pattern, ...rest];
  const payForNext = (match: unknown): unknown => {
    if (!isMatch(match)) return match;
    const { end, next } = match;
    return {
      ...match,
      async next() {
        budget.spend(Math.floor((text.length - end) / CHARACTERS_AHEAD_A_STEP));
        await budget.step();
        return payForNext(await next());
      },
    };
  };
  return [
    text,
    async (searched: unknown) => {
      budget.spendOnSize(text.length);
      return payForNext(await pattern(searched));
    },
    ...rest,
  ];
}

/** True for a match of a regular expression. A matcher that the mapping defines is counted by the evaluation hooks instead. */
function isMatch(match: unknown): match is { readonly end: number; readonly next: () => unknown } {
  if (typeof match !== 'object' || match === null || !('end' in match) || !('next' in match)) return false;
  return typeof match.end === 'number' && typeof match.next === 'function';
}

interface Definition {
  readonly implementation: (...args: Arguments) => unknown;
}

/** JSONata's own definitions of these functions: an expression that is only a function's name evaluates to its definition. */
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

/** Replaces the built-in functions that may do much work by ones that spend their cost from the budget. */
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
  // The engine reads a function's parameter names from its source text, and their number from its `length`.
  Object.defineProperty(call, 'length', { value: implementation.length });
  Object.defineProperty(call, 'toString', { value: () => implementation.toString() });
  return { ...definition, implementation: call };
}
