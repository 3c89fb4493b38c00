import type { IncomingHttpHeaders } from 'node:http';

/** The trace that a request belongs to, 32 hexadecimal digits: from `traceparent`, else `X-Cloud-Trace-Context`. */
export function traceOf(headers: IncomingHttpHeaders): string | undefined {
  const { traceparent, 'x-cloud-trace-context': cloud } = headers;
  const w3c = typeof traceparent === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent) : null;
  const google = typeof cloud === 'string' ? /^([0-9a-f]{32})(\/|$)/i.exec(cloud) : null;
  return w3c?.[1] ?? google?.[1];
}
