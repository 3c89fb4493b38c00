import t from 'tap';
import { describeError, nameOf } from '../../src/observe/describe-error.ts';

const SECRET = 'Amba Birkvale';

t.test('describes an error by its type, code and frames', async (t) => {
  const error = Object.assign(new TypeError(SECRET), { code: 'ECONNRESET' });
  t.match(describeError(error), {
    type: 'TypeError',
    code: 'ECONNRESET',
    stack: /^ {4}at .*describe-error\.test\.ts:\d+:\d+\)?$/m,
  });
  t.strictSame(describeError('text'), { type: 'string' });
  t.strictSame(describeError(undefined), { type: 'undefined' });
});

t.test('contains nothing that may be personal data', async (t) => {
  class Named extends Error {
    override name = SECRET;
  }
  const renamed = new Error('x');
  renamed.name = `Error\n    at ${SECRET} (/x:1:1)`;
  const changed = new Error(`${SECRET}\n    at ${SECRET}`);
  changed.message = 'another';
  const thrower = new Error('x');
  Object.defineProperty(thrower, 'message', {
    get() {
      throw new Error(SECRET);
    },
  });
  const cases = {
    'the message': new Error(SECRET),
    'a message of several lines': new Error(`one\n${SECRET}\n    at ${SECRET}`),
    'a message that was changed': changed,
    'a message with a pattern of a replacement': new Error(`$& ${SECRET}`),
    'a name': new Named('x'),
    'a name that looks like a frame': renamed,
    'a code': Object.assign(new Error('x'), { code: SECRET }),
    'a cause': new Error('x', { cause: new Error(SECRET) }),
    'a stack that was written': Object.assign(new Error('x'), { stack: `Error: x\n    at ${SECRET}` }),
    'a stack that is none': Object.assign(new Error('x'), { stack: { text: SECRET } }),
    'a getter that throws': thrower,
    'an aggregate': new AggregateError([new Error(SECRET)], SECRET),
    'an object': { message: SECRET },
  };
  for (const [name, error] of Object.entries(cases))
    t.notMatch(JSON.stringify(describeError(error)), SECRET, name);
  t.equal(nameOf(new Named('x')), 'Error');
  t.equal(nameOf(new RangeError(SECRET)), 'RangeError');
  t.equal(nameOf(1), 'number');
});
