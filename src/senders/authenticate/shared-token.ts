import { hash, timingSafeEqual } from 'node:crypto';
import { type Authenticate, basicPassword, bearerToken, LONGEST_TOKEN, type Refusal } from './credentials.ts';

/** SNS and some gateways send the credentials in a URL only after a challenge for Basic. */
const CHALLENGE = 'Bearer, Basic realm="push"';
const MISSING: Refusal = {
  status: 401,
  reason: 'no-credentials',
  detail:
    'Expected a token of PUSH_TOKEN as `Authorization: Bearer`, as the password of `Authorization: Basic` or as `?token=`, found none: add it to the push endpoint.',
  challenge: CHALLENGE,
};
const WRONG: Refusal = {
  status: 401,
  reason: 'wrong-token',
  detail:
    'Expected one of the tokens in PUSH_TOKEN, found another: compare it with the one in the push endpoint.',
  challenge: CHALLENGE,
};

/** Accepts one of `tokens` as a bearer token, as the password of Basic, or as `?token=`. There are several during a rotation. */
export function createSharedToken(tokens: readonly string[]): Authenticate {
  // An empty token would accept every request with `?token=`.
  const expected = tokens.filter((token) => token !== '').map(digest);

  /** Digests have equal lengths and all are compared, so the time that this takes does not depend on the tokens. */
  function known(token: string): boolean {
    const found = digest(token);
    return expected.map((one) => timingSafeEqual(one, found)).includes(true);
  }

  return ({ authorization, queryToken }) => {
    // One of them is enough: behind Cloud Run's own check the header holds Google's token, and ours comes as `?token=`.
    const shown = [bearerToken(authorization), basicPassword(authorization), queryToken].filter(
      (token) => token !== undefined,
    );
    if (shown.some((token) => token.length <= LONGEST_TOKEN && known(token))) return 'accepted';
    return shown.every((token) => token === '') ? MISSING : WRONG;
  };
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
