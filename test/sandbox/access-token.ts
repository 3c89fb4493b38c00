import { z } from 'zod';
import type { CommercetoolsSandbox } from './commercetools.ts';

const TokenAnswer = z.object({ access_token: z.string() });

/** Fetches a token for the stand-in's HTTP API, as a user would with `curl`. */
export async function accessToken({ url, credentials }: CommercetoolsSandbox): Promise<string> {
  const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64');
  const answer = await fetch(`${url}/oauth/token?grant_type=client_credentials`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
  });
  return TokenAnswer.parse(await answer.json()).access_token;
}
