import t from 'tap';
import { Failure, type Outcome, outcomeOf, Rejection } from '../src/outcome.ts';
import { UpstreamFault } from '../src/upstream/fault.ts';

const PLACE = 'test/outcome.test.ts:6:15';
const cause = new TypeError('secret-token');

const unknown = (name: string, cause: unknown): Outcome => ({
  kind: 'failed',
  reason: 'unknown-error',
  detail: `The handler threw an unknown error (${name}).`,
  cause,
});

const CASES: { name: string; thrown: unknown; expected: Outcome }[] = [
  {
    name: 'a rejection',
    thrown: new Rejection('no-account', 'Expected an account.'),
    expected: { kind: 'rejected', reason: 'no-account', detail: 'Expected an account.' },
  },
  {
    name: 'a failure',
    thrown: new Failure('later', 'Later.', { cause }),
    expected: { kind: 'failed', reason: 'later', detail: 'Later.', cause },
  },
  {
    name: 'a failure with Retry-After',
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
  {
    name: 'a failure with the id of its request',
    thrown: new Failure('later', 'Later.').about('customer/1'),
    expected: { kind: 'failed', reason: 'later', detail: 'Later.', correlationId: 'customer/1' },
  },
  {
    name: 'an unknown error, with its place',
    thrown: cause,
    expected: unknown(`TypeError at ${PLACE}`, cause),
  },
  { name: 'a string', thrown: 'secret-token', expected: unknown('string', 'secret-token') },
  { name: 'nothing', thrown: undefined, expected: unknown('undefined', undefined) },
];

for (const { name, thrown, expected } of CASES)
  t.test(`makes an outcome of ${name}`, async (t) => {
    t.strictSame(outcomeOf(thrown), expected);
  });
