import { hash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** What of a request says whether it may see the page. */
export interface Visit {
  readonly remoteAddress: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly queryToken: string | undefined;
}

/** `enter` brings the cookie that opens the page from then on. */
export type Admission =
  | { readonly verdict: 'accepted' }
  | { readonly verdict: 'enter'; readonly cookie: string }
  | { readonly verdict: 'refused'; readonly status: 401 | 403; readonly detail: string };

const COOKIE = 'dashboard';
const HOURS_12 = 43_200;
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** Whether a name or address means this machine alone. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const four = address.replace(/^::ffff:/, '');
  return address === 'localhost' || address === '::1' || (isIPv4(four) && four.startsWith('127.'));
}

/**
 * With a token, whoever shows it; without one, only a browser on this machine: by its address, with no proxy between, and
 * by the name it asked for, so that no other site can have its own name point here.
 */
export function createAccess(token: string | undefined): (visit: Visit) => Admission {
  if (token === undefined) return admitNeighbour;
  // The cookie does not hold the token itself, and outlives a restart of the service.
  const pass = hash('sha256', `dashboard cookie of ${token}`, 'hex');

  return ({ headers, queryToken }) => {
    if (queryToken !== undefined) {
      if (!same(queryToken, token))
        return refused(401, 'Expected the token in DASHBOARD_TOKEN, got another.');
      const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
      const cookie = `${COOKIE}=${pass}; Path=/; Max-Age=${HOURS_12}; HttpOnly; SameSite=Strict${secure}`;
      return { verdict: 'enter', cookie };
    }
    const shown = cookieOf(headers['cookie']);
    if (shown !== undefined && same(shown, pass)) return { verdict: 'accepted' };
    return refused(401, 'Open this page once with ?token= and the token in DASHBOARD_TOKEN.');
  };
}

function admitNeighbour({ remoteAddress, headers }: Visit): Admission {
  const name = String(headers['host'] ?? '').replace(/:\d+$/, '');
  const near = isLoopback(remoteAddress ?? '') && isLoopback(name);
  if (near && FORWARDED.every((header) => headers[header] === undefined)) return { verdict: 'accepted' };
  return refused(
    403,
    'Without DASHBOARD_TOKEN this page opens only on the machine that the service runs on, at http://localhost. To open it from elsewhere, set DASHBOARD_TOKEN and come once with ?token=.',
  );
}

function refused(status: 401 | 403, detail: string): Admission {
  return { verdict: 'refused', status, detail };
}

/** Digests have one length, so the time taken tells nothing. */
function same(shown: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', expected, 'buffer'));
}

function cookieOf(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string') return undefined;
  const pairs = header.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}
