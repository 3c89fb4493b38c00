import { type CreateCustomerInput, LONGEST_USERNAME, Rejection } from '../../src/handler.ts';
import { attributesFor } from './difference.ts';
import type { Desired } from './mapping/map.ts';

/** The username to write under; throws `Rejection` for none, or for one that Fluent cannot take. */
export function requireUsername({ username }: Desired): string {
  if (username === undefined)
    throw new Rejection(
      'no-username',
      'Expected the mapping to give a username, got none; give it a fallback.',
    );
  if (username.length > LONGEST_USERNAME)
    throw new Rejection(
      'username-too-long',
      `Expected a username of at most ${LONGEST_USERNAME} characters, got ${username.length}.`,
    );
  return username;
}

/** The customer as it is created; throws `Rejection` without the e-mail address that Fluent requires. */
export function createFor(username: string, desired: Desired, retailerId: string): CreateCustomerInput {
  const primaryEmail = desired.fields.get('primaryEmail');
  if (primaryEmail === undefined)
    throw new Rejection(
      'no-email',
      'Expected the mapping to give a primaryEmail of at most 250 characters, got none; Fluent requires it, so give it a fallback.',
    );
  const texts = [...desired.fields].filter(([, text]) => text !== undefined);
  return {
    ...Object.fromEntries(texts),
    username,
    primaryEmail,
    // Consent is never assumed.
    promotionOptIn: desired.promotionOptIn ?? false,
    attributes: attributesFor(desired, new Map()),
    retailer: { id: retailerId },
  };
}
