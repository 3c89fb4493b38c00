import t from 'tap';
import { Failure, type Outcome, outcomeOf, Rejection } from '../src/outcome.ts';
import { UpstreamFault } from '../src/upstream/fault.ts';

const unknown = (name: string): Outcome => ({
  kind: 'failed',
  reason: 'unknown-error',
  detail: `The handler threw an unknown error (${name}).`,
});

const CASES: { name: string; thrown: unknown; expected: Outcome }[] = [
  {
    name: 'a rejection',
    thrown: new Rejection('no-account', 'Expected an account.'),
    expected: { kind: 'rejected', reason: 'no-account', detail: 'Expected an account.' },
  },
  {
    name: 'a failure',
    thrown: new Failure('later', 'Later.', { cause: new Error('secret') }),
    expected: { kind: 'failed', reason: 'later', detail: 'Later.' },
  },
  {
    name: 'a failure that says when',
    thrown: new Failure('later', 'Later.', { retryAfterSeconds: 60 }),
    expected: { kind: 'failed', reason: 'later', detail: 'Later.', retryAfterSeconds: 60 },
  },
  {
    name: 'an upstream fault',
    thrown: UpstreamFault.ofStatus('Fluent', 429, 7),
    expected: {
      kind: 'failed',
      reason: 'rate-limited',
      detail: 'Fluent answered HTTP 429.',
      retryAfterSeconds: 7,
    },
  },
  { name: 'an unknown error', thrown: new TypeError('secret-token'), expected: unknown('TypeError') },
  { name: 'a string', thrown: 'secret-token', expected: unknown('string') },
  { name: 'nothing', thrown: undefined, expected: unknown('undefined') },
];

for (const { name, thrown, expected } of CASES)
  t.test(`makes an outcome of ${name}`, async (t) => {
    t.strictSame(outcomeOf(thrown), expected);
  });
