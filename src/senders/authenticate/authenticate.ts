import type { Authenticate } from './credentials.ts';
import type { Clocks, SignatureChecker } from './oidc.ts';
import { createSharedToken } from './shared-token.ts';

export type { Authenticate, Credentials, Refusal, Verdict } from './credentials.ts';

/** How pushes are authenticated: by the signature in a message of SNS, or by credentials, before the body is read. */
export type PushAuth = ShownAuth | { readonly kind: 'sns' };

/** By Google's OIDC token, by one of the shared tokens, or not at all, which has to be configured. */
export type ShownAuth =
  | {
      readonly kind: 'oidc';
      readonly audience: string;
      readonly serviceAccount: string;
      /** A JWK Set, or PEM by key id, in JSON. */
      readonly certsUrl: string;
      readonly signature: SignatureChecker;
    }
  | { readonly kind: 'token'; readonly tokens: readonly string[] }
  | { readonly kind: 'none' };

const CLOCKS: Clocks = { now: () => Date.now(), monotonic: () => performance.now() };

/**
 * Creates the authentication that `auth` describes. Asynchronous because jose takes 20 ms to load: it is loaded for `oidc`
 * only, and at the start rather than with the first push.
 */
export async function createAuthenticate(auth: ShownAuth, clocks: Clocks = CLOCKS): Promise<Authenticate> {
  switch (auth.kind) {
    case 'oidc': {
      const { createOidc } = await import('./oidc.ts');
      return createOidc(auth, clocks);
    }
    case 'token':
      return createSharedToken(auth.tokens);
    case 'none':
      return () => 'accepted';
  }
}
