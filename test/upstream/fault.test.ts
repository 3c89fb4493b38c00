import t from 'tap';
import { UpstreamFault } from '../../src/upstream/fault.ts';

const CASES = [
  { status: 200, expected: undefined },
  { status: 302, expected: undefined },
  { status: 400, expected: undefined },
  { status: 401, expected: 'unauthorised' },
  { status: 403, expected: 'refused' },
  { status: 404, expected: undefined },
  { status: 408, expected: 'transient' },
  { status: 409, expected: undefined },
  { status: 429, expected: 'throttled' },
  { status: 500, expected: 'transient' },
  { status: 503, expected: 'transient' },
];

for (const { status, expected } of CASES)
  t.test(`treats HTTP ${status} as ${expected ?? 'no fault of its own'}`, async (t) => {
    t.equal(UpstreamFault.ofStatus('Upstream', status)?.kind, expected);
  });

t.test("keeps the upstream's Retry-After", async (t) => {
  t.equal(UpstreamFault.ofStatus('Upstream', 429, 60)?.retryAfterSeconds, 60);
  t.equal(UpstreamFault.ofStatus('Upstream', 503, 60)?.retryAfterSeconds, 60);
});

t.test('describes a network error by its code, not by its text', async (t) => {
  const error = Object.assign(new Error('secret'), { code: 'ECONNRESET' });
  t.equal(UpstreamFault.network('Upstream', error).message, 'Upstream could not be reached (ECONNRESET).');
  t.equal(UpstreamFault.network('Upstream', 'secret').message, 'Upstream could not be reached (unknown).');
});
