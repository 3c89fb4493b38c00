import t, { type Test } from 'tap';
import { type Certificates, createCertificates } from '../../src/authenticate/certificates.ts';
import { type CertificateServer, startCertificates } from '../sandbox/certificates.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

async function setUp(
  t: Test,
  deadline?: number,
): Promise<{ google: CertificateServer; certificates: Certificates; advance(seconds: number): void }> {
  const google = await startCertificates();
  t.teardown(() => google.close());
  let now = 0;
  const certificates = createCertificates(google.url, () => now, deadline);
  return {
    google,
    certificates,
    advance: (seconds) => {
      now += seconds * 1000;
    },
  };
}

t.test('finds a certificate by its key id, the second time without a request', async (t) => {
  const { google, certificates } = await setUp(t);
  t.match(await certificates.find(google.keyId), { kind: 'found', pem: /^-----BEGIN CERTIFICATE-----/ });
  t.match(certificates.find(google.keyId), { kind: 'found' });
  t.equal(google.requests, 1);
});

t.test('makes one request, however many wait for it', async (t) => {
  const { google, certificates } = await setUp(t);
  const lookups = Array.from({ length: 50 }, (_, index) => certificates.find(index % 2 ? google.keyId : 'x'));
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
  t.test(`keeps certificates for ${name}`, async (t) => {
    const { google, certificates, advance } = await setUp(t);
    google.maxAge = maxAge;
    google.age = age;
    await certificates.find(google.keyId);
    advance(expected - 1);
    await certificates.find(google.keyId);
    t.equal(google.requests, 1);
    advance(1);
    await certificates.find(google.keyId);
    t.equal(google.requests, 2);
  });
}

t.test('asks again for an unknown key twice a minute at most', async (t) => {
  const { google, certificates, advance } = await setUp(t);
  await certificates.find(google.keyId);
  google.rotate();
  advance(29);
  t.same(certificates.find(google.keyId), { kind: 'unknown' });
  advance(1);
  t.match(await certificates.find(google.keyId), { kind: 'found' });
  t.equal(google.requests, 2);
});

t.test('drops a key that is no longer served', async (t) => {
  const { google, certificates, advance } = await setUp(t);
  const { keyId } = google;
  await certificates.find(keyId);
  google.rotate('drop');
  advance(HOUR);
  t.same(await certificates.find(keyId), { kind: 'unknown' });
});

t.test('serves old certificates for an hour while new ones cannot be fetched', async (t) => {
  const { google, certificates, advance } = await setUp(t);
  await certificates.find(google.keyId);
  google.fault = 'error';
  advance(HOUR);
  t.match(await certificates.find(google.keyId), { kind: 'found' });
  t.match(await certificates.find('x'), { kind: 'unavailable', fault: 'status 500', retryAfterSeconds: 5 });
  t.equal(google.requests, 2, 'waits between two tries');
  advance(HOUR);
  t.match(await certificates.find(google.keyId), { kind: 'unavailable' });
  google.fault = 'none';
  advance(5);
  t.match(await certificates.find(google.keyId), { kind: 'found' });
});

t.test('gives up a server that does not answer within the deadline', async (t) => {
  const { google, certificates, advance } = await setUp(t, 300);
  google.fault = 'hang';
  const lookups = await Promise.all([certificates.find(google.keyId), certificates.find('x')]);
  for (const lookup of lookups) t.match(lookup, { kind: 'unavailable', fault: 'no answer within 300 ms' });
  t.equal(google.requests, 1);
  advance(3);
  t.match(certificates.find(google.keyId), { kind: 'unavailable', retryAfterSeconds: 2 });
});
