import { isIPv4 } from 'node:net';

/** What of a request says where it comes from. */
export interface Visit {
  readonly remoteAddress: string | undefined;
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Headers that proxies, load balancers and content networks add to what they pass on, and browsers do not send. */
const PROXY_HEADERS: ReadonlySet<string> = new Set([
  'cdn-loop',
  'client-ip',
  'forwarded',
  'front-end-https',
  'max-forwards',
  'proxy-client-ip',
  'proxy-connection',
  'surrogate-capability',
  'true-client-ip',
  'via',
  'wl-proxy-client-ip',
  'x-client-ip',
  'x-cloud-trace-context',
  'x-cluster-client-ip',
  'x-correlation-id',
  'x-host',
  'x-http-proto',
  'x-original-host',
  'x-originating-ip',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-real-port',
  'x-remote-addr',
  'x-remote-ip',
  'x-request-id',
  'x-request-start',
  'x-scheme',
  'x-varnish',
]);
const PROXY_PREFIXES: readonly string[] = [
  'cf-',
  'cloudfront-',
  'fastly-',
  'fly-',
  'x-akamai-',
  'x-amzn-',
  'x-appengine-',
  'x-arr-',
  'x-azure-',
  'x-b3-',
  'x-envoy-',
  'x-forwarded',
  'x-goog-',
  'x-original-',
  'x-vercel-',
];

/** Whether a name or address means this machine alone. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const four = address.replace(/^::ffff:/, '');
  return address === 'localhost' || address === '::1' || (isIPv4(four) && four.startsWith('127.'));
}

/**
 * Whether a browser on this machine asks, with no proxy between: by the address, by the name asked for (so that no other
 * site can have its own name point here), and by the absence of all that proxies add. A proxy on this machine that adds
 * nothing, names the host it passes to and keeps connections open cannot be told from a browser.
 */
export function isLocalVisit({ remoteAddress, httpVersion, headers }: Visit): boolean {
  const name = String(headers['host'] ?? '').replace(/:\d+$/, '');
  if (!isLoopback(remoteAddress ?? '') || !isLoopback(name)) return false;
  // nginx passes requests on as HTTP/1.0, or as 1.1 with `Connection: close`, unless told otherwise; no browser does.
  if (httpVersion !== '1.1' || /\bclose\b/i.test(String(headers['connection']))) return false;
  return !Object.keys(headers).some(
    (header) => PROXY_HEADERS.has(header) || PROXY_PREFIXES.some((prefix) => header.startsWith(prefix)),
  );
}
