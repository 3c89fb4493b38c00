import type { Middleware } from '@commercetools/sdk-client-v2';
import { z } from 'zod';
import { Failure } from '../outcome.ts';
import { type Request, readJson, readObject } from '../upstream/exchange.ts';
import { UpstreamFault } from '../upstream/fault.ts';
import type { Purpose, Upstream } from '../upstream/upstream.ts';

/**
 * Thrown by a request through `commercetools.api` for a resource that does not exist (any more). If it is not caught,
 * the event is retried.
 */
export class NotFound extends Failure {
  constructor(upstream: string) {
    super(
      'not-found',
      `${upstream} has no such resource (any more); a handler may catch NotFound and return an outcome.`,
    );
    this.name = 'NotFound';
  }
}

/** commercetools refused a request because of its form. */
export class RefusedRequest extends UpstreamFault {
  /** The upstream's message. It may quote the request, so it is shown to the user of a command and never logged. */
  readonly platformMessage: string;

  constructor(detail: string, platformMessage: string) {
    super('final', 'http-400', detail);
    this.name = 'RefusedRequest';
    this.platformMessage = platformMessage;
  }
}

const NotFoundAnswer = z.object({ errors: z.array(z.object({ code: z.string() })) });

const RefusedAnswer = z.object({ message: z.string() });
const MAX_MESSAGE = 300;

/**
 * Sends the SDK's requests through the upstream. The SDK's own HTTP middleware does not include the body in its time-out,
 * and never settles if the body of an error response is cut off.
 */
export function sendThrough(upstream: Upstream, apiUrl: string, purpose: Purpose): Middleware {
  return (next) => async (request, response) => {
    const method = request.method;
    try {
      if (method !== 'GET' && method !== 'POST' && method !== 'DELETE' && method !== 'HEAD')
        throw new TypeError(`Expected GET, POST, DELETE or HEAD, got ${method}.`);
      const sent: Request = {
        method,
        url: apiUrl + request.uri,
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      };
      const body = await upstream.send(
        sent,
        ({ status, text }) => {
          if (status === 404 && isNotFound(upstream.name, text)) throw new NotFound(upstream.name);
          if (status < 300) return method === 'HEAD' ? {} : readObject(upstream.name, text);
          const detail = `${upstream.name} answered HTTP ${status} to ${method}.`;
          if (status === 400) throw new RefusedRequest(detail, messageIn(text));
          throw new UpstreamFault('final', `http-${status}`, detail);
        },
        method === 'GET' || method === 'HEAD' ? { ...purpose, startSignals: [] } : purpose,
      );
      next(request, { ...response, body, statusCode: 200 });
    } catch (error) {
      // The SDK passes on what it is given here, but its type demands an index signature.
      const untyped: Record<string, unknown> = {};
      response.reject(Object.assign(asError(error), untyped));
    }
  };
}

/** A gateway, or a wrong URL, answers 404 too. Without this check every customer would count as deleted then. */
function isNotFound(name: string, text: string): boolean {
  const answer = NotFoundAnswer.safeParse(readJson(name, text));
  return answer.success && answer.data.errors.some(({ code }) => code === 'ResourceNotFound');
}

function messageIn(text: string): string {
  try {
    return RefusedAnswer.parse(JSON.parse(text)).message.slice(0, MAX_MESSAGE);
  } catch {
    return 'an unreadable message';
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('A value that is no Error was thrown.');
}
