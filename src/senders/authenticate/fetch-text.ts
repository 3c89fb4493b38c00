const MAX_BYTES = 256 * 1024;

/** A text that was fetched, and the headers it came with. */
export interface FetchedText {
  readonly text: string;
  readonly headers: Headers;
}

/**
 * Fetches a text of at most 256 KiB within `deadline` milliseconds, or describes in a few words why that failed; never rejects.
 * `redirect: 'error'` is for a URL that must not lead to another host.
 */
export async function fetchText(
  url: string,
  deadline: number,
  redirect: 'follow' | 'error' = 'follow',
): Promise<FetchedText | { readonly fault: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(deadline), redirect });
    if (!response.ok) {
      await response.body?.cancel();
      return { fault: `status ${response.status}` };
    }
    const text = await readText(response);
    if (text === undefined) return { fault: `expected at most ${MAX_BYTES} bytes, found more` };
    return { text, headers: response.headers };
  } catch (error) {
    return { fault: describe(error, deadline) };
  }
}

async function readText(response: Response): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop closes the connection.
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function describe(error: unknown, deadline: number): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return `no answer within ${deadline} ms`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : error.name;
}
