import t from 'tap';
import { fingerprintOf } from '../../src/router/bind-routes.ts';

t.test('equal values have the same fingerprint, for any order of their keys', async (t) => {
  const value = { title: 'title', attributes: { a: 'x', b: ['1', '2'] } };
  t.match(fingerprintOf(value), /^[0-9a-f]{12}$/);
  t.equal(fingerprintOf({ attributes: { b: ['1', '2'], a: 'x' }, title: 'title' }), fingerprintOf(value));
  for (const other of [
    { ...value, title: 'name' },
    { ...value, more: 'x' },
    { ...value, attributes: { a: 'x', b: ['2', '1'] } },
    undefined,
    10n,
  ])
    t.not(fingerprintOf(other), fingerprintOf(value));
});
