/** A response. `body` is JSON, or text if `headers` say so. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown where the API refuses a request; answered as an error in commercetools' format. */
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

/** A 404 for a resource that does not exist. */
export function notFound(what: string): Refusal {
  return new Refusal(404, 'ResourceNotFound', `The Resource with ${what} was not found.`);
}

/** Throws a 409 unless the version is the current one. */
export function requireVersion(id: string, current: number, expected: number): void {
  if (current === expected) return;
  const message = `Object ${id} has a different version than expected. Expected: ${expected} - Actual: ${current}.`;
  throw new Refusal(409, 'ConcurrentModification', message, { currentVersion: current });
}

/** Converts an error to a response: a Refusal, an error of the mock, or else 500. */
export function answerTo(error: unknown): Answer {
  if (error instanceof Refusal) {
    const { status, code, message, details } = error;
    // Errors about tokens also have the fields of OAuth's format.
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
