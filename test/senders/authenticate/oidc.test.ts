import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import {
  type Authenticate,
  createAuthenticate,
  type Verdict,
} from '../../../src/senders/authenticate/authenticate.ts';
import { type CertificateServer, startCertificates } from '../../sandbox/certificates.ts';

const AUDIENCE = 'https://connector.test/push';
const SERVICE_ACCOUNT = 'pusher@project.iam.gserviceaccount.com';
const SECRET = 'very-personal-subject';
const HOUR = 3600;

interface Scene {
  readonly google: CertificateServer;
  readonly authenticate: Authenticate;
  /** Advances the service's clocks, not the machine's. */
  advance(seconds: number): void;
  /** Sets the wall clock only. */
  setBack(seconds: number): void;
}

async function setUp(t: Test, signature: 'service' | 'cloud-run' = 'service'): Promise<Scene> {
  const google = await startCertificates();
  t.teardown(() => google.close());
  let ahead = 0;
  let passed = 0;
  const authenticate = await createAuthenticate(
    { kind: 'oidc', audience: AUDIENCE, serviceAccount: SERVICE_ACCOUNT, certsUrl: google.url, signature },
    { now: () => Date.now() + ahead, monotonic: () => passed },
  );
  return {
    google,
    authenticate,
    advance: (seconds) => {
      ahead += seconds * 1000;
      passed += seconds * 1000;
    },
    setBack: (seconds) => {
      ahead -= seconds * 1000;
    },
  };
}

function claims(changes: object = {}): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: 'https://accounts.google.com',
    aud: AUDIENCE,
    email: SERVICE_ACCOUNT,
    email_verified: true,
    sub: SECRET,
    iat: now - 10,
    exp: now + HOUR,
    ...changes,
  };
}

function show(authenticate: Authenticate, token: string): Verdict | Promise<Verdict> {
  return authenticate({ authorization: `Bearer ${token}`, queryToken: undefined });
}

const seconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead;
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Case {
  readonly name: string;
  readonly token: (google: CertificateServer) => string;
  readonly expected: 200 | 401 | 403;
  readonly reason?: string;
}

const cases: readonly Case[] = [
  { name: "Google's token for us", token: (g) => g.sign(claims()), expected: 200 },
  {
    name: 'the issuer without its scheme',
    token: (g) => g.sign(claims({ iss: 'accounts.google.com' })),
    expected: 200,
  },
  {
    name: 'a token that expired within the clock skew',
    token: (g) => g.sign(claims({ exp: seconds(-30) })),
    expected: 200,
  },
  {
    name: 'another audience',
    token: (g) => g.sign(claims({ aud: 'https://other.test' })),
    expected: 403,
    reason: 'wrong-audience',
  },
  {
    name: 'no audience',
    token: (g) => g.sign(claims({ aud: undefined })),
    expected: 403,
    reason: 'wrong-audience',
  },
  {
    name: 'a list of audiences',
    token: (g) => g.sign(claims({ aud: [AUDIENCE] })),
    expected: 403,
    reason: 'wrong-audience',
  },
  {
    name: 'another service account',
    token: (g) => g.sign(claims({ email: 'x@y.test' })),
    expected: 403,
    reason: 'wrong-service-account',
  },
  {
    name: 'no e-mail',
    token: (g) => g.sign(claims({ email: undefined })),
    expected: 403,
    reason: 'wrong-service-account',
  },
  {
    name: 'an e-mail that is not verified',
    token: (g) => g.sign(claims({ email_verified: false })),
    expected: 403,
    reason: 'wrong-service-account',
  },
  {
    name: 'an e-mail verified as a text',
    token: (g) => g.sign(claims({ email_verified: 'true' })),
    expected: 403,
    reason: 'wrong-service-account',
  },
  {
    name: 'another issuer',
    token: (g) => g.sign(claims({ iss: 'https://evil.test' })),
    expected: 401,
    reason: 'wrong-issuer',
  },
  {
    name: 'an expired token',
    token: (g) => g.sign(claims({ exp: seconds(-90) })),
    expected: 401,
    reason: 'expired-token',
  },
  {
    name: 'a token without an expiry',
    token: (g) => g.sign(claims({ exp: undefined })),
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'a token from the future',
    token: (g) => g.sign(claims({ iat: seconds(HOUR) })),
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'a token that is not valid yet',
    token: (g) => g.sign(claims({ nbf: seconds(HOUR / 2) })),
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'a token that is not valid yet, within the clock skew',
    token: (g) => g.sign(claims({ nbf: seconds(200), iat: seconds(200) })),
    expected: 200,
  },
  {
    name: 'an invalid nbf',
    token: (g) => g.sign(claims({ nbf: 'tomorrow' })),
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'a token without an issue time',
    token: (g) => g.sign(claims({ iat: undefined })),
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'an unknown critical extension',
    token: (g) => g.sign(claims(), { crit: ['x'], x: true }),
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'a key in its header',
    token: selfBrought,
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'a token with a lifetime of a week',
    token: (g) => g.sign(claims({ exp: seconds(7 * 24 * HOUR) })),
    expected: 401,
    reason: 'unverified-token',
  },
  {
    name: 'a token of another key',
    token: (g) => g.sign(claims(), { kid: 'nobody' }),
    expected: 401,
    reason: 'unknown-key',
  },
  {
    name: 'a key id such as __proto__',
    token: (g) => g.sign(claims(), { kid: '__proto__' }),
    expected: 401,
    reason: 'unknown-key',
  },
  {
    name: 'a token without a key id',
    token: (g) => g.sign(claims(), { kid: undefined }),
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'the algorithm none',
    token: (g) => g.sign(claims(), { alg: 'none' }),
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'the algorithm HS256',
    token: (g) => g.sign(claims(), { alg: 'HS256' }),
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'the algorithm ES256',
    token: (g) => g.sign(claims(), { alg: 'ES256' }),
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'a token without a signature',
    token: (g) => g.sign(claims()).replace(/[^.]+$/, ''),
    expected: 401,
    reason: 'malformed-token',
  },
  { name: 'a signature of an unknown key', token: forged, expected: 401, reason: 'unverified-token' },
  { name: 'claims changed after signing', token: tampered, expected: 401, reason: 'unverified-token' },
  {
    name: 'claims that are not JSON',
    token: (g) => g.sign(claims()).replace(/\.[^.]+\./, '.eyJ.'),
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'an invalid token',
    token: () => 'very-personal-subject',
    expected: 401,
    reason: 'malformed-token',
  },
  {
    name: 'an overlong token',
    token: (g) => g.sign(claims({ more: 'x'.repeat(4096) })),
    expected: 401,
    reason: 'malformed-token',
  },
];

/** Has the id of the served key, but is signed with an attacker's key. */
function forged(google: CertificateServer): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = `${part({ alg: 'RS256', kid: google.keyId })}.${part(claims())}`;
  return `${signed}.${signBytes('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** Like `forged`, with the attacker's key in its header. */
function selfBrought(google: CertificateServer): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const signed = `${part({ alg: 'RS256', kid: google.keyId, jwk })}.${part(claims())}`;
  return `${signed}.${signBytes('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** A valid token for another account, with replaced claims. */
function tampered(google: CertificateServer): string {
  const [head, , signature] = google.sign(claims({ aud: 'https://other.test' })).split('.');
  return `${head}.${part(claims())}.${signature}`;
}

for (const form of ['pem', 'jwks'] as const)
  t.test(`checks signature, time, issuer, audience and service account of a token (${form})`, async (t) => {
    const { google, authenticate } = await setUp(t);
    google.form = form;
    for (const { name, token, expected, reason } of cases) {
      const text = token(google);
      const verdict = await show(authenticate, text);
      t.equal(verdict === 'accepted' ? 200 : verdict.status, expected, name);
      if (verdict === 'accepted') continue;
      t.equal(verdict.reason, reason, `${name}: reason`);
      const refusal = JSON.stringify(verdict);
      const secrets = [...text.split('.'), SECRET, 'x@y.test', 'other.test', 'evil.test'].filter(Boolean);
      t.notOk(
        secrets.some((secret) => refusal.includes(secret)),
        `${name}: quotes nothing of the token`,
      );
    }
  });

t.test('refuses a push without a bearer token, even with ?token=', async (t) => {
  const { google, authenticate } = await setUp(t);
  for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Basic eDp5']) {
    const verdict = authenticate({ authorization, queryToken: google.sign(claims()) });
    t.match(verdict, { status: 401, reason: 'no-credentials' });
  }
  t.equal(google.requests, 0);
});

t.test(
  'remembers a verified token: later pushes cost no request and are answered synchronously',
  async (t) => {
    const { google, authenticate } = await setUp(t);
    const token = google.sign(claims());
    t.equal(await show(authenticate, token), 'accepted');
    google.rotate('drop');
    google.fault = 'error';
    for (let push = 0; push < 100; push++) {
      const verdict = show(authenticate, token);
      if (verdict !== 'accepted') t.fail('expected a synchronous acceptance');
    }
    t.equal(google.requests, 1);
  },
);

t.test('forgets a token when it expires', async (t) => {
  const { google, authenticate, advance } = await setUp(t);
  const token = google.sign(claims());
  t.equal(await show(authenticate, token), 'accepted');
  advance(HOUR + 30);
  t.equal(show(authenticate, token), 'accepted', 'within the clock skew');
  advance(60);
  t.match(await show(authenticate, token), { status: 401, reason: 'expired-token' });
});

t.test('does not remember a token that was refused', async (t) => {
  const { google, authenticate } = await setUp(t);
  const token = google.sign(claims({ aud: 'https://other.test' }));
  t.match(await show(authenticate, token), { status: 403 });
  t.match(await show(authenticate, token), { status: 403 });
});

t.test('answers 503 while the certificates cannot be fetched, and recovers', async (t) => {
  for (const fault of ['error', 'nonsense', 'elliptic', 'endless'] as const) {
    const { google, authenticate, advance } = await setUp(t);
    google.fault = fault;
    const token = google.sign(claims());
    t.match(await show(authenticate, token), {
      status: 503,
      reason: 'certificates-unavailable',
      retryAfterSeconds: 5,
    });
    t.match(
      show(authenticate, token),
      { status: 503 },
      `${fault}: answered at once, without another request`,
    );
    t.equal(google.requests, 1);
    google.fault = 'none';
    advance(6);
    t.equal(await show(authenticate, token), 'accepted');
    t.equal(google.requests, 2);
  }
});

t.test('answers 503 when PUSH_CERTS_URL cannot be reached', async (t) => {
  const { google, authenticate } = await setUp(t);
  const token = google.sign(claims());
  await google.close();
  const verdict = await show(authenticate, token);
  t.match(verdict, { status: 503, detail: /ECONNREFUSED/ });
});

t.test('accepts a token of a new key, and still those of the previous key', async (t) => {
  const { google, authenticate, advance } = await setUp(t);
  const before = google.sign(claims({ jti: 1 }));
  t.equal(await show(authenticate, google.sign(claims())), 'accepted');
  google.rotate();
  advance(31);
  t.equal(await show(authenticate, google.sign(claims())), 'accepted');
  t.equal(await show(authenticate, before), 'accepted');
  t.equal(google.requests, 2);
});

t.test('many invalid tokens cause few requests to the server of the certificates', async (t) => {
  const { google, authenticate, advance } = await setUp(t);
  const [, body, signature] = google.sign(claims()).split('.');
  const flood = Array.from({ length: 2000 }, (_, index) => {
    return `${part({ alg: 'RS256', kid: `made-up-${index}` })}.${body}.${signature}`;
  });
  const together = await Promise.all(flood.slice(0, 1000).map((token) => show(authenticate, token)));
  advance(31);
  const oneByOne: Verdict[] = [];
  for (const token of flood.slice(1000)) oneByOne.push(await show(authenticate, token));
  const verdicts = [...together, ...oneByOne];
  t.ok(verdicts.every((verdict) => verdict !== 'accepted' && verdict.reason === 'unknown-key'));
  t.equal(google.requests, 2);
  t.equal(await show(authenticate, google.sign(claims())), 'accepted', 'and lets the real one in');
});

t.test('finds a rotated key, and expires tokens, while the clock is set back by a day', async (t) => {
  const { google, authenticate, advance, setBack } = await setUp(t);
  const before = google.sign(claims());
  t.equal(await show(authenticate, before), 'accepted');
  setBack(24 * HOUR);
  google.rotate('drop');
  advance(31);
  const now = Math.floor(Date.now() / 1000) - 24 * HOUR;
  const after = google.sign(claims({ iat: now, exp: now + HOUR }));
  t.equal(await show(authenticate, after), 'accepted', 'the new key is requested immediately');
  advance(HOUR + 61);
  t.not(await show(authenticate, before), 'accepted', 'its hour is over, whatever the clock says');
});

/** A token in the form in which Cloud Run passes it on after it has checked the signature. */
const withoutSignature = (token: string) => token.replace(/[^.]+$/, 'SIGNATURE_REMOVED_BY_GOOGLE');

t.test('refuses a token whose signature was removed, unless Cloud Run checks signatures', async (t) => {
  const { google, authenticate } = await setUp(t);
  const verdict = await show(authenticate, withoutSignature(google.sign(claims())));
  t.match(verdict, { status: 401, reason: 'unverified-token' });
});

t.test('checks only the claims of a token if Cloud Run has checked the signature', async (t) => {
  const { google, authenticate } = await setUp(t, 'cloud-run');
  t.equal(show(authenticate, withoutSignature(google.sign(claims()))), 'accepted');
  const refused = [
    { changes: { aud: 'https://other.test' }, reason: 'wrong-audience' },
    { changes: { email: 'x@y.test' }, reason: 'wrong-service-account' },
    { changes: { email_verified: false }, reason: 'wrong-service-account' },
    { changes: { iss: 'https://evil.test' }, reason: 'wrong-issuer' },
    { changes: { exp: seconds(-90) }, reason: 'expired-token' },
    { changes: { exp: undefined }, reason: 'malformed-token' },
    { changes: { exp: seconds(7 * 24 * HOUR) }, reason: 'unverified-token' },
  ];
  for (const { changes, reason } of refused) {
    const verdict = await show(authenticate, withoutSignature(google.sign(claims(changes))));
    t.match(verdict, { reason }, JSON.stringify(changes));
  }
  t.equal(google.requests, 0, 'needs no key');
});

t.test('still verifies a signature if there is one although Cloud Run checks signatures', async (t) => {
  const { google, authenticate } = await setUp(t, 'cloud-run');
  t.equal(await show(authenticate, google.sign(claims())), 'accepted');
  t.match(await show(authenticate, forged(google)), { status: 401, reason: 'unverified-token' });
});
