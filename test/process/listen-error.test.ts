import t from 'tap';
import { listenFault } from '../../src/process/listen-error.ts';

const failed = (code: string) => Object.assign(new Error('listen'), { code });

t.test('describes what to do about a port or an address that cannot be used', async (t) => {
  const cases = [
    { code: 'EADDRINUSE', expected: /^Port 80 of 0\.0\.0\.0 is in use.*PORT/ },
    { code: 'EADDRNOTAVAIL', expected: /^0\.0\.0\.0 is no address.*HOST/ },
    { code: 'EACCES', expected: /^This user may not listen on port 80.*PORT/ },
    { code: 'ENOTFOUND', expected: /cannot be resolved.*HOST/ },
  ];
  for (const { code, expected } of cases) t.match(listenFault(failed(code), '0.0.0.0', 80), expected);
});

t.test('ignores other errors', async (t) => {
  for (const error of [failed('EMFILE'), new Error('x'), 'EACCES', undefined])
    t.equal(listenFault(error, '0.0.0.0', 80), undefined);
});
