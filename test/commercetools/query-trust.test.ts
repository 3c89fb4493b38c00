import t from 'tap';
import { QueryTrust } from '../../src/commercetools/query-trust.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const MINUTE = 60_000;

/** What happens to a `QueryTrust`, in order; times in milliseconds. */
type Step =
  | { readonly shown: number; readonly times?: number }
  | { readonly wait: number }
  | 'lagged'
  | 'shown-without-a-date';

/** Customers whose last change is so long ago when a query shows them. */
const shown = (age: number, times = 1): Step => ({ shown: age, times });
const wait = (milliseconds: number): Step => ({ wait: milliseconds });
const PROVEN = shown(100, 20);

const CASES: { name: string; steps: Step[]; trusted: boolean }[] = [
  { name: 'not before anything was shown', steps: [], trusted: false },
  { name: 'not after nineteen', steps: [shown(100, 19)], trusted: false },
  { name: 'after twenty', steps: [PROVEN], trusted: true },
  {
    name: 'after twenty with time between them',
    steps: [shown(0, 10), wait(MINUTE), shown(0, 10)],
    trusted: true,
  },
  { name: 'after twenty just fresh enough', steps: [shown(2_000, 20)], trusted: true },
  { name: 'not after many that are not fresh', steps: [shown(2_001, 100)], trusted: false },
  {
    name: 'not after nineteen fresh among many that are not',
    steps: [shown(5_000, 50), shown(0, 19)],
    trusted: false,
  },
  { name: 'after twenty from a clock a little ahead', steps: [shown(-2_000, 20)], trusted: true },
  { name: 'not after twenty from a clock far ahead', steps: [shown(-2_001, 20)], trusted: false },
  { name: 'not after many without a date', steps: Array(30).fill('shown-without-a-date'), trusted: false },
  { name: 'for an hour', steps: [PROVEN, wait(60 * MINUTE - 1)], trusted: true },
  { name: 'not for longer than an hour', steps: [PROVEN, wait(60 * MINUTE)], trusted: false },
  {
    name: 'an hour more with each proof',
    steps: [PROVEN, wait(59 * MINUTE), shown(0), wait(59 * MINUTE)],
    trusted: true,
  },
  {
    name: 'no hour more with what is not fresh',
    steps: [PROVEN, wait(59 * MINUTE), shown(5_000), wait(MINUTE)],
    trusted: false,
  },
  { name: 'not once one has lagged', steps: [PROVEN, 'lagged'], trusted: false },
  {
    name: 'not ten minutes after one has lagged, without new proofs',
    steps: [PROVEN, 'lagged', wait(10 * MINUTE)],
    trusted: false,
  },
  {
    name: 'not within ten minutes of a lag, whatever is shown',
    steps: [PROVEN, 'lagged', PROVEN, wait(10 * MINUTE - 1)],
    trusted: false,
  },
  {
    name: 'again ten minutes after a lag, with new proofs',
    steps: [PROVEN, 'lagged', PROVEN, wait(10 * MINUTE)],
    trusted: true,
  },
  {
    name: 'not when it lags again meanwhile',
    steps: ['lagged', wait(9 * MINUTE), PROVEN, 'lagged', PROVEN, wait(MINUTE)],
    trusted: false,
  },
];

for (const { name, steps, trusted } of CASES)
  t.test(`trusts queries: ${name}`, async (t) => {
    let now = START;
    const trust = new QueryTrust(() => now);
    for (const step of steps) {
      if (step === 'lagged') trust.lagged();
      else if (step === 'shown-without-a-date') trust.shown('');
      else if ('wait' in step) now += step.wait;
      else
        for (let time = 0; time < (step.times ?? 1); time += 1)
          trust.shown(new Date(now - step.shown).toISOString());
    }
    t.equal(trust.trusted, trusted);
  });
