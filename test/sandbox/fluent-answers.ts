import type { Replacement } from './fluent-faults.ts';

/** A response, ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An entry of `errors[]`. */
export interface AnsweredError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: { readonly [name: string]: unknown } | undefined;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** An answer in JSON. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } };
}

/** The response to a GraphQL request; with `codeInMessage` the error code is in the message only. */
export function result(
  status: number,
  data: unknown,
  errors: readonly AnsweredError[] | undefined,
  codeInMessage: boolean,
): Answer {
  if (errors === undefined) return json(status, { data });
  return json(status, { data, errors: codeInMessage ? errors.map(moveCode) : errors });
}

function moveCode({ extensions, ...error }: AnsweredError): AnsweredError {
  const code = extensions?.['code'];
  return typeof code === 'string' ? { ...error, message: `${code}: ${error.message}` } : error;
}

/** The refusal of a whole GraphQL request: an error without a path and no data, in an HTTP 200. */
export function refused(code: string, message: string, codeInMessage: boolean): Answer {
  return result(200, null, [{ message, extensions: { code } }], codeInMessage);
}

/** The response to invalid credentials or an invalid token. */
export function unauthorised(): Answer {
  return json(401, { error: 'unauthorized', error_description: 'Full authentication is required.' });
}

/** The response of a fault. `aliases` are the names of the request's operations. */
export function faultAnswer(
  fault: Exclude<Replacement, { kind: 'hang' | 'reset' }>,
  aliases: readonly string[],
  codeInMessage: boolean,
): Answer {
  switch (fault.kind) {
    case 'status':
      return json(fault.status, { error: `Injected status ${fault.status}.` });
    case 'html':
      return {
        status: 502,
        body: '<html><head><title>502 Bad Gateway</title></head></html>',
        headers: { 'content-type': 'text/html' },
      };
    case 'too-many-requests': {
      const { retryAfterSeconds } = fault;
      const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      return json(429, { error: 'Too many requests.' }, headers);
    }
    case 'rate-limit':
      return refused('C0011E', 'Rate limit exceeded.', codeInMessage);
    case 'permission': {
      const message = 'The user lacks the permission.';
      const errors = aliases.map((alias) => ({ message, path: [alias], extensions: { code: 'C0020E' } }));
      const data = Object.fromEntries(aliases.map((alias) => [alias, null]));
      return result(200, data, errors, codeInMessage);
    }
    case 'wrong-credentials':
      return unauthorised();
  }
}
