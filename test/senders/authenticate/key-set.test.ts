import t, { type Test } from 'tap';
import { createKeySet, type KeySet } from '../../../src/senders/authenticate/key-set.ts';
import { type CertificateServer, startCertificates } from '../../sandbox/certificates.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

async function setUp(
  t: Test,
  deadline?: number,
): Promise<{ google: CertificateServer; keys: KeySet; advance(seconds: number): void }> {
  const google = await startCertificates();
  t.teardown(() => google.close());
  let now = 0;
  const keys = createKeySet(google.url, () => now, deadline);
  return {
    google,
    keys,
    advance: (seconds) => {
      now += seconds * 1000;
    },
  };
}

t.test('finds a key by its id, the second time without a request', async (t) => {
  const { google, keys } = await setUp(t);
  t.match(await keys.find(google.keyId), { kind: 'found', key: { asymmetricKeyType: 'rsa' } });
  t.match(keys.find(google.keyId), { kind: 'found' });
  t.equal(google.requests, 1);
});

t.test('makes one request for all concurrent callers', async (t) => {
  const { google, keys } = await setUp(t);
  const lookups = Array.from({ length: 50 }, (_, index) => keys.find(index % 2 ? google.keyId : 'x'));
  const kinds = (await Promise.all(lookups)).map((lookup) => lookup.kind);
  t.same(new Set(kinds), new Set(['found', 'unknown']));
  t.equal(google.requests, 1);
});

const lifetimes = [
  { name: 'max-age', maxAge: 2 * HOUR, expected: 2 * HOUR },
  { name: 'max-age less Age', maxAge: 2 * HOUR, age: HOUR, expected: HOUR },
  { name: 'five minutes when max-age is shorter', maxAge: 1, expected: 5 * MINUTE },
  { name: 'five minutes without Cache-Control', maxAge: undefined, expected: 5 * MINUTE },
  { name: 'a day when max-age is longer', maxAge: 1000 * HOUR, expected: 24 * HOUR },
];

for (const { name, maxAge, age, expected } of lifetimes) {
  t.test(`keeps keys for ${name}`, async (t) => {
    const { google, keys, advance } = await setUp(t);
    google.maxAge = maxAge;
    google.age = age;
    await keys.find(google.keyId);
    advance(expected - 1);
    await keys.find(google.keyId);
    t.equal(google.requests, 1);
    advance(1);
    await keys.find(google.keyId);
    t.equal(google.requests, 2);
  });
}

t.test('requests an unknown key at most twice a minute', async (t) => {
  const { google, keys, advance } = await setUp(t);
  await keys.find(google.keyId);
  google.rotate();
  advance(29);
  t.same(keys.find(google.keyId), { kind: 'unknown' });
  advance(1);
  t.match(await keys.find(google.keyId), { kind: 'found' });
  t.equal(google.requests, 2);
});

t.test('drops a key that is no longer served', async (t) => {
  const { google, keys, advance } = await setUp(t);
  const { keyId } = google;
  await keys.find(keyId);
  google.rotate('drop');
  advance(HOUR);
  t.same(await keys.find(keyId), { kind: 'unknown' });
});

t.test('uses old keys for an hour while new ones cannot be fetched', async (t) => {
  const { google, keys, advance } = await setUp(t);
  await keys.find(google.keyId);
  google.fault = 'error';
  advance(HOUR);
  t.match(await keys.find(google.keyId), { kind: 'found' });
  t.match(await keys.find('x'), { kind: 'unavailable', fault: 'status 500', retryAfterSeconds: 5 });
  t.equal(google.requests, 2, 'waits between two tries');
  advance(HOUR);
  t.match(await keys.find(google.keyId), { kind: 'unavailable' });
  google.fault = 'none';
  advance(5);
  t.match(await keys.find(google.keyId), { kind: 'found' });
});

t.test('gives up a server that does not answer within the deadline', async (t) => {
  const { google, keys, advance } = await setUp(t, 300);
  google.fault = 'hang';
  const lookups = await Promise.all([keys.find(google.keyId), keys.find('x')]);
  for (const lookup of lookups) t.match(lookup, { kind: 'unavailable', fault: 'no answer within 300 ms' });
  // On a busy machine the request may be aborted before it arrives.
  t.ok(google.requests < 2);
  advance(3);
  t.match(keys.find(google.keyId), { kind: 'unavailable', retryAfterSeconds: 2 });
});

t.test('accepts a JWK Set too, and its keys for signatures', async (t) => {
  const { google, keys } = await setUp(t);
  google.form = 'jwks';
  t.match(await keys.find(google.keyId), { kind: 'found', key: { asymmetricKeyType: 'rsa' } });
  t.same(keys.find('x'), { kind: 'unknown' });
});

t.test('refuses a response that is too large', async (t) => {
  const { google, keys } = await setUp(t, 30_000);
  google.fault = 'endless';
  t.match(await keys.find(google.keyId), { kind: 'unavailable', fault: /at most 262144 bytes/ });
});
