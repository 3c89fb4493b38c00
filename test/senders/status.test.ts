import { readFile } from 'node:fs/promises';
import t from 'tap';
import { OUTCOME_KINDS } from '../../src/outcome.ts';
import { STATUS } from '../../src/senders/status.ts';

t.test('answers each sender with the status for the outcome', async (t) => {
  t.strictSame(STATUS, {
    pubsub: { done: 204, ignored: 204, rejected: 422, failed: 503 },
    eventbridge: { done: 204, ignored: 204, rejected: 422, failed: 503 },
    sns: { done: 204, ignored: 204, rejected: 422, failed: 503 },
    'event-grid': { done: 204, ignored: 204, rejected: 400, failed: 503 },
  });
});

/** The documented statuses of each sender for an acknowledgement, and for a final failure. */
const RULES: Record<
  keyof typeof STATUS,
  { acknowledges(status: number): boolean; retries(status: number): boolean }
> = {
  pubsub: {
    acknowledges: (status) => [102, 200, 201, 202, 204].includes(status),
    retries: (status) => ![102, 200, 201, 202, 204].includes(status),
  },
  eventbridge: {
    acknowledges: (status) => status >= 200 && status < 300,
    retries: (status) => [401, 407, 409, 429].includes(status) || status >= 500,
  },
  sns: {
    acknowledges: (status) => status >= 200 && status < 300,
    retries: (status) => status < 200 || status >= 500,
  },
  'event-grid': {
    acknowledges: (status) => status >= 200 && status <= 204,
    retries: (status) => (status < 200 || status > 204) && ![400, 401, 403, 413].includes(status),
  },
};

for (const [name, { acknowledges, retries }] of Object.entries(RULES))
  t.test(`${name}: done is acknowledged, failed is retried, rejected is not acknowledged`, async (t) => {
    const row = Object.entries(STATUS).find(([sender]) => sender === name)?.[1];
    if (!row) throw new Error(`Expected a row for ${name}.`);
    t.ok(acknowledges(row.done));
    t.ok(acknowledges(row.ignored));
    t.ok(retries(row.failed));
    t.notOk(acknowledges(row.rejected));
    // Nothing is final for Pub/Sub except by its own dead-letter policy.
    t.equal(retries(row.rejected), name === 'pubsub');
    t.same(Object.keys(row).sort(), [...OUTCOME_KINDS].sort());
    t.ok(row.done < row.rejected && row.rejected < row.failed, 'of a batch the highest status wins');
  });

t.test('the README has the same table', async (t) => {
  const readme = await readFile(new URL('../../src/senders/README.md', import.meta.url), 'utf8');
  for (const kind of OUTCOME_KINDS) {
    const [, ...cells] =
      new RegExp(`^\\| ${kind} \\| (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$`, 'm').exec(readme) ?? [];
    t.same(
      cells.map(Number),
      Object.values(STATUS).map((row) => row[kind]),
      kind,
    );
  }
});
