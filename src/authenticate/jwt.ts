import { z } from 'zod';

const Header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1).max(256) });
const Claims = z.object({
  exp: z.number(),
  iss: z.unknown().optional(),
  aud: z.unknown().optional(),
  email: z.unknown().optional(),
  email_verified: z.unknown().optional(),
});

/** What a JWT says of itself. Nothing in it is to be believed until its signature has been verified. */
export interface Jwt {
  readonly keyId: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  readonly claims: z.output<typeof Claims>;
}

/** Reads a compact JWT (RFC 7519) without verifying it; undefined if it is not one, or is not signed with RS256. */
export function readJwt(token: string): Jwt | undefined {
  const [, header, claims] = /^([\w-]+)\.([\w-]+)\.[\w-]+$/.exec(token) ?? [];
  const { data: head } = Header.safeParse(decode(header));
  if (head === undefined) return undefined;
  const { data: body } = Claims.safeParse(decode(claims));
  if (body === undefined) return undefined;
  return { keyId: head.kid, expiresAt: body.exp * 1000, claims: body };
}

function decode(segment: string | undefined): unknown {
  if (segment === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString());
  } catch {
    return undefined;
  }
}
