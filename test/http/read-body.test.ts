import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { errorCodes } from 'fastify';
import t from 'tap';
import { ByteBudget, LARGEST_PUSH_BYTES } from '../../src/http/byte-budget.ts';
import { readBody } from '../../src/http/read-body.ts';
import { Failure } from '../../src/outcome.ts';

const MEGABYTE = 1024 * 1024;
const DETAIL = 'The pushes in flight use all of QUEUE_BYTES; deliver this one again later.';
const BUDGET_SPENT = new Failure('bytes-in-flight', DETAIL, { retryAfterSeconds: 1 });
const TOO_LARGE = new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
const CUT_OFF = new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH();

t.test('returns the body, with or without a declared length, and releases its bytes', async (t) => {
  const sent = Array.from({ length: 300 }, (_, index) => Buffer.alloc(index * 31, index));
  const whole = Buffer.concat(sent);
  for (const declared of [whole.length, undefined]) {
    const budget = new ByteBudget(2 * whole.length);
    const stream = new PassThrough();
    const reading = readBody(stream, declared, budget);
    for (const chunk of sent) if (!stream.write(chunk)) await once(stream, 'drain');
    stream.end();
    const body = await reading;
    t.ok(body.takeBytes().equals(whole));
    t.equal(body.takeBytes().length, 0, 'once');
    t.ok(budget.held >= whole.length);
    body.release();
    body.release();
    t.equal(budget.held, 0);
  }
});

t.test('reads nothing of a body whose declared length exceeds the budget or the largest push', async (t) => {
  const stream = new PassThrough();
  stream.write('something');
  const budget = new ByteBudget(1_000);
  await t.rejects(readBody(stream, 1_001, budget), BUDGET_SPENT);
  await t.rejects(readBody(stream, LARGEST_PUSH_BYTES + 1, budget), TOO_LARGE);
  t.equal(stream.readableLength, 9);
  t.equal(budget.held, 0);
});

t.test(
  'without a declared length reserves little more than was received, and stops at the budget and at the limit',
  async (t) => {
    for (const [limit, error] of [
      [5 * MEGABYTE, BUDGET_SPENT],
      [50 * MEGABYTE, TOO_LARGE],
    ] as const) {
      const budget = new ByteBudget(limit);
      const stream = new PassThrough();
      const reading = t.rejects(readBody(stream, undefined, budget), error);
      for (let sent = 0; sent < LARGEST_PUSH_BYTES + MEGABYTE; sent += 64 * 1024) {
        t.ok(budget.held <= Math.min(limit, sent + 2 * MEGABYTE));
        if (!stream.write(Buffer.alloc(64 * 1024))) await once(stream, 'drain');
      }
      await reading;
      t.equal(budget.held, 0);
    }
  },
);

t.test(
  'rejects a body that ends before its length, or with its connection, and releases its bytes',
  async (t) => {
    for (const end of [(stream: PassThrough) => stream.end(), (stream: PassThrough) => stream.destroy()]) {
      const budget = new ByteBudget(1_000);
      const stream = new PassThrough();
      const reading = readBody(stream, 10, budget);
      t.equal(budget.held, 10);
      stream.write('half');
      end(stream);
      await t.rejects(reading, CUT_OFF);
      t.equal(budget.held, 0);
    }
  },
);
