import type { Agent, request } from 'undici';
import { z } from 'zod';
import { Deadline } from '../time-out.ts';
import { USER_AGENT } from '../version.ts';
import { correlationId } from './correlation.ts';
import { UpstreamFault } from './fault.ts';

/** An HTTP request to an upstream. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'HEAD';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The whole response, body included. */
export interface UpstreamResponse {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  /** The id that the upstream returned, or else the one that was sent. The upstream's support can find the request by it. */
  readonly correlationId: string;
  readonly text: string;
}

/** Sends one request and reads the whole response within its deadline; every failure is an `UpstreamFault`. */
export type Exchange = (request: Request, signal: AbortSignal) => Promise<UpstreamResponse>;

const JsonObject = z.record(z.string(), z.unknown());

const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/**
 * Keeps connections alive; `timeoutMilliseconds` is from the first byte of the request to the last of the response,
 * which may have `maxResponseBytes`.
 */
export function createExchange(
  name: string,
  timeoutMilliseconds: number,
  maxResponseBytes: number = MAX_RESPONSE_BYTES,
): { exchange: Exchange; close(): Promise<void> } {
  let opened: Promise<{ agent: Agent; send: typeof request }> | undefined;

  /** Loading undici takes 27 ms: the start need not wait for it. */
  async function open(): Promise<{ agent: Agent; send: typeof request }> {
    const undici = await import('undici');
    const agent = new undici.Agent({
      connect: { timeout: timeoutMilliseconds },
      keepAliveTimeout: 30_000,
      maxResponseSize: maxResponseBytes,
    });
    return { agent, send: undici.request };
  }

  async function exchange(
    { method, url, headers, body }: Request,
    signal: AbortSignal,
  ): Promise<UpstreamResponse> {
    using deadline = new Deadline(timeoutMilliseconds, signal);
    const id = headers['x-correlation-id'] ?? correlationId();
    try {
      opened ??= open();
      const { agent, send } = await opened;
      const answer = await send(url, {
        dispatcher: agent,
        method,
        headers: { 'user-agent': USER_AGENT, ...headers, 'x-correlation-id': id },
        body: body ?? null,
        signal: deadline.signal,
      });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        retryAfterSeconds: retryAfter(answer.headers['retry-after']),
        correlationId: returned(answer.headers['x-correlation-id']) ?? id,
        text,
      };
    } catch (error) {
      if (deadline.expired) throw UpstreamFault.timeout(name, timeoutMilliseconds).about(id);
      if (signal.aborted) throw UpstreamFault.outOfTime(name).about(id);
      throw UpstreamFault.network(name, error).about(id);
    }
  }

  return {
    exchange,
    close: async () => {
      await (await opened)?.agent.destroy();
    },
  };
}

/** It is logged, so what cannot be an id is left out. */
function returned(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w./:@-]{1,256}$/.test(header) ? header : undefined;
}

/** Seconds, from either form of the header: a number of seconds or a date. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/** Parses an upstream's response. Anything but JSON, as from a failing gateway, is a transient fault. */
export function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UpstreamFault(
      'transient',
      'unreadable-answer',
      `Expected JSON from ${name}, got something else.`,
    );
  }
}

/** As `readJson`, for responses that are always an object. */
export function readObject(name: string, text: string): Record<string, unknown> {
  const object = JsonObject.safeParse(readJson(name, text));
  if (object.success) return object.data;
  throw new UpstreamFault(
    'transient',
    'unreadable-answer',
    `Expected a JSON object from ${name}, got another value.`,
  );
}
