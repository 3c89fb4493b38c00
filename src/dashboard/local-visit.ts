import { isIPv4 } from 'node:net';

/** The parts of a request that show where it comes from. */
export interface Visit {
  readonly remoteAddress: string | undefined;
  /** `1.0` or `1.1`. */
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Headers that proxies, load balancers and content networks add, and that browsers do not send. */
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

/** True for a name or address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const four = address.replace(/^::ffff:/, '');
  return address === 'localhost' || address === '::1' || (isIPv4(four) && four.startsWith('127.'));
}

/**
 * True for a request of a browser on this machine without a proxy: checks the address, the `Host` (so that no other site can
 * point its own name here), and that there is no sign of a proxy. A proxy on this machine that adds no header, sets `Host` to
 * localhost and keeps connections open cannot be told from a browser.
 */
export function isLocalVisit({ remoteAddress, httpVersion, headers }: Visit): boolean {
  const name = String(headers['host'] ?? '').replace(/:\d+$/, '');
  if (!isLoopback(remoteAddress ?? '') || !isLoopback(name)) return false;
  // By default nginx uses HTTP/1.0, or HTTP/1.1 with `Connection: close`; no browser does.
  if (httpVersion !== '1.1' || /\bclose\b/i.test(String(headers['connection']))) return false;
  return !Object.keys(headers).some(
    (header) => PROXY_HEADERS.has(header) || PROXY_PREFIXES.some((prefix) => header.startsWith(prefix)),
  );
}
