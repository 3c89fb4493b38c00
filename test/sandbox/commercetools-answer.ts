/** What a request is answered with. `body` is JSON, or text where `headers` say so. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown where the API would refuse; answered in commercetools' shape of an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(status: number, code: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** A 400 with the code InvalidInput. */
export function invalid(message: string): Refusal {
  return new Refusal(400, 'InvalidInput', message);
}

/** A 404 as for a resource that is not there. */
export function notFound(what: string): Refusal {
  return new Refusal(404, 'ResourceNotFound', `The Resource with ${what} was not found.`);
}

/** Throws a 409 unless the version is the current one. */
export function requireVersion(id: string, current: number, expected: number): void {
  if (current === expected) return;
  const message = `Object ${id} has a different version than expected. Expected: ${expected} - Actual: ${current}.`;
  throw new Refusal(409, 'ConcurrentModification', message, { currentVersion: current });
}

/** The answer to an error: a Refusal's own, the mock's errors as the mock answers them, else 500. */
export function answerTo(error: unknown): Answer {
  if (error instanceof Refusal) {
    const { status, code, message, details } = error;
    // Errors about tokens are answered in OAuth's shape as well.
    const oauth = /^[a-z_]+$/.test(code) ? { error: code, error_description: message } : {};
    const errors = [{ code, message, ...details }];
    return { status, body: JSON.stringify({ statusCode: status, message, errors, ...oauth }) };
  }
  if (error instanceof Error && 'statusCode' in error && 'info' in error) {
    const status = Number(error.statusCode);
    const list =
      'errors' in error && Array.isArray(error.errors) && error.errors.length > 0
        ? error.errors
        : [error.info];
    return { status, body: JSON.stringify({ statusCode: status, message: error.message, errors: list }) };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  return {
    status: 500,
    body: JSON.stringify({ statusCode: 500, message, errors: [{ code: 'General', message }] }),
  };
}
