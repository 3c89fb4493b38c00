import { z } from 'zod';
import type { UpstreamResponse } from './exchange.ts';
import { UpstreamFault } from './fault.ts';
import { readJson } from './read-json.ts';
import type { Token } from './token-source.ts';

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.number().positive().default(3600),
});

/** Reads the token from a token endpoint's response; any 4xx but 408 and 429 means that the credentials are wrong. */
export function readToken(name: string, answer: UpstreamResponse): Token {
  const { status, retryAfterSeconds } = answer;
  if (status >= 400 && status < 500 && status !== 408 && status !== 429)
    throw UpstreamFault.credentials(name, status);
  const fault = UpstreamFault.ofStatus(name, status, retryAfterSeconds);
  if (fault) throw fault;
  const token = TokenAnswer.safeParse(readJson(name, answer.text));
  if (!token.success)
    throw new UpstreamFault(
      'transient',
      'unreadable-answer',
      `${name} answered a token request without a token.`,
    );
  return { value: token.data.access_token, lifetimeSeconds: token.data.expires_in };
}
