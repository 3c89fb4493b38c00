import { createOidc } from './oidc.ts';
import { createSharedToken } from './shared-token.ts';
import type { Authenticate } from './verdict.ts';

export type { Authenticate, Credentials, Refusal, Verdict } from './verdict.ts';

/** How pushes are authenticated: by Google's OIDC token, by any of the shared tokens, or (said explicitly) not at all. */
export type PushAuth =
  | {
      readonly kind: 'oidc';
      readonly audience: string;
      readonly serviceAccount: string;
      /** PEM by key id, in JSON. */
      readonly certsUrl: string;
    }
  | { readonly kind: 'token'; readonly tokens: readonly string[] }
  | { readonly kind: 'none' };

/**
 * Makes the judge of pushes that `auth` describes; `clock` is in milliseconds since 1970. Asynchronous because
 * google-auth-library takes 50 ms to load, which only `oidc` should pay, and at the start rather than in the first push.
 */
export async function createAuthenticate(
  auth: PushAuth,
  clock: () => number = Date.now,
): Promise<Authenticate> {
  switch (auth.kind) {
    case 'oidc':
      return await createOidc(auth, clock);
    case 'token':
      return createSharedToken(auth.tokens);
    case 'none':
      return () => 'accepted';
  }
}
