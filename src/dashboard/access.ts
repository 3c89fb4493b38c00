import { hash, timingSafeEqual } from 'node:crypto';
import { isLocalVisit, type Visit } from './local-visit.ts';
import { SESSION_SECONDS, Sessions } from './sessions.ts';

/** `isOpen` says later whether the visitor may still see the page. */
export type Admission =
  | { readonly verdict: 'accepted'; readonly isOpen: () => boolean }
  | { readonly verdict: 'refused'; readonly status: 401 | 403; readonly detail: string };

/** Who may see the page. */
export interface Access {
  readonly admit: (visit: Visit) => Admission;
  /** Undefined without a token: then only a browser on this machine is admitted. */
  readonly byToken: TokenAccess | undefined;
}

/** Log-in by the token, and log-out; both return a `Set-Cookie` header. */
export interface TokenAccess {
  /** Undefined for a wrong token. */
  logIn(token: string, visit: Visit): string | undefined;
  logOut(visit: Visit): string;
}

const COOKIE = 'dashboard';

/** With a token, admits everybody who logs in with it; without one, only a browser on this machine. */
export function createAccess(token: string | undefined, clock?: () => number): Access {
  if (token === undefined) return { admit: admitLocalVisit, byToken: undefined };
  const sessions = new Sessions(clock);
  return {
    admit({ headers }) {
      const id = sessionOf(headers['cookie']);
      if (id !== undefined && sessions.isOpen(id))
        return { verdict: 'accepted', isOpen: () => sessions.isOpen(id) };
      return refused(401, 'Log in with the token in DASHBOARD_TOKEN.');
    },
    byToken: {
      logIn: (shown, visit) =>
        isSame(shown, token) ? setCookie(sessions.begin(), SESSION_SECONDS, visit) : undefined,
      logOut(visit) {
        const id = sessionOf(visit.headers['cookie']);
        if (id !== undefined) sessions.end(id);
        return setCookie('', 0, visit);
      },
    },
  };
}

function admitLocalVisit(visit: Visit): Admission {
  if (isLocalVisit(visit)) return { verdict: 'accepted', isOpen: () => true };
  return refused(
    403,
    'Without DASHBOARD_TOKEN this page opens only in a browser on the machine that the service runs on, at http://localhost, with no proxy between. To open it from elsewhere, set DASHBOARD_TOKEN and log in with it.',
  );
}

function refused(status: 401 | 403, detail: string): Admission {
  return { verdict: 'refused', status, detail };
}

/** Digests have the same length, so the comparison takes the same time for every token. */
function isSame(shown: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', expected, 'buffer'));
}

function setCookie(id: string, seconds: number, { headers }: Visit): string {
  const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
  return `${COOKIE}=${id}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

function sessionOf(cookies: string | string[] | undefined): string | undefined {
  if (typeof cookies !== 'string') return undefined;
  const pairs = cookies.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}
