import { Failure } from '../outcome.ts';

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
