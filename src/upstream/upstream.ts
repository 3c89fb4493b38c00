import { type CircuitBreakerPolicy, CircuitState, isBrokenCircuitError } from 'cockatiel';
import type { Log } from '../observe/log.ts';
import type { CircuitState as ObservedCircuit, Observer, Operation } from '../observe/observer.ts';
import { Failure, Rejection } from '../outcome.ts';
import { Deadline } from '../time-out.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { correlationId } from './correlation.ts';
import { createExchange, type Exchange, type Request, type UpstreamResponse } from './exchange.ts';
import { UpstreamFault } from './fault.ts';
import { createBreaker, createRetry } from './retry.ts';
import { type Token, TokenSource } from './token-source.ts';

/** What a request is for, and when it must no longer be sent. */
export interface Purpose {
  readonly operation: Operation;
  /** Customers in the request; 0 for a token. */
  readonly size: number;
  /** Once one of these has aborted, no attempt is started: a write that is sent too late could undo a newer one. */
  readonly startSignals?: readonly AbortSignal[];
}

/** Requests that finish started work go first. */
const PRIORITY: Readonly<Record<Operation, number>> = {
  token: 0,
  read: 0,
  'look-up': 0,
  other: 0,
  write: 1,
  check: 2,
};

export interface UpstreamOptions {
  /** As in `commercetools my-project`; used in errors, logs and readiness. */
  readonly name: string;
  readonly concurrency: number;
  readonly timeoutMilliseconds: number;
  /** How long all attempts of one request may take together. */
  readonly budgetMilliseconds: number;
  readonly log: Log;
  readonly observer?: Observer | undefined;
  /** How long the circuit stays open before a request may probe the upstream; 5 s unless given. */
  readonly breakMilliseconds?: number;
  /** Requests a token, once. */
  fetchToken(exchange: Exchange, signal: AbortSignal): Promise<Token>;
  /** Called when it is known whether the credentials work; for readiness. */
  onCredentials(name: string, accepted: boolean): void;
}

/** Reads a response: returns its content, or throws the `UpstreamFault` that it means. */
export type ReadResponse<T> = (response: UpstreamResponse) => T;

const BREAK_MILLISECONDS = 5_000;
const TOKEN: Purpose = { operation: 'token', size: 0 };
const STATES: Readonly<Partial<Record<CircuitState, ObservedCircuit>>> = {
  [CircuitState.Closed]: 'Closed',
  [CircuitState.Open]: 'Open',
  [CircuitState.HalfOpen]: 'HalfOpen',
};

/**
 * Sends the requests of a client to its upstream, with token, concurrency limit, time-out, retry and circuit breaker.
 *
 * An attempt holds one slot of the limit while it is in flight, never during the backoff.
 */
export class Upstream {
  readonly name: string;
  readonly limit: ConcurrencyLimit;
  readonly #options: UpstreamOptions;
  readonly #exchange: Exchange;
  readonly #tokens: TokenSource;
  readonly #closing = new AbortController();
  readonly close: () => Promise<void>;
  readonly #retry = createRetry();
  readonly #breaker: CircuitBreakerPolicy;
  #tokenRefused = false;

  constructor(options: UpstreamOptions) {
    this.name = options.name;
    this.#options = options;
    this.limit = new ConcurrencyLimit(options.concurrency);
    const { exchange, close } = createExchange(options.name, options.timeoutMilliseconds);
    this.#exchange = exchange;
    this.close = () => {
      this.#closing.abort();
      return close();
    };
    this.#tokens = new TokenSource(() => this.#fetchToken());
    this.#breaker = createBreaker(options.breakMilliseconds ?? BREAK_MILLISECONDS);
    this.#breaker.onStateChange((state) => {
      const circuit = STATES[state];
      options.log.warn({ upstream: this.name, circuit }, 'The circuit breaker changed its state.');
      if (circuit) options.observer?.circuit(this.name, circuit);
    });
  }

  get circuit(): ObservedCircuit {
    // Cockatiel's fourth state, isolated by hand, is not used; it would act as open.
    return STATES[this.#breaker.state] ?? 'Open';
  }

  /** Sends a request with the account's token, and retries it within the budget. */
  async send<T>(request: Request, read: ReadResponse<T>, purpose: Purpose): Promise<T> {
    using deadline = new Deadline(this.#options.budgetMilliseconds, this.#closing.signal);
    const { signal } = deadline;
    let isSecondToken = false;
    const priority = PRIORITY[purpose.operation];
    const headers = { ...request.headers, 'x-correlation-id': correlationId(purpose.size) };
    const correlated = { ...request, headers };
    const attempt = () => this.limit.run(() => this.#attempt(correlated, read, purpose, signal), priority);
    const attemptWithFreshToken = async () => {
      try {
        return await attempt();
      } catch (error) {
        // A token may be revoked at any time: the request is repeated once with a new one, without backoff.
        if (!(error instanceof UpstreamFault) || error.kind !== 'unauthorised' || isSecondToken) throw error;
        isSecondToken = true;
        return await attempt();
      }
    };
    // Waiting for a token, for a slot, or during the backoff does not react to the signal.
    const outOfTime = Promise.withResolvers<never>();
    const onAbort = () => outOfTime.reject(UpstreamFault.outOfTime(this.name));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#retry.execute(attemptWithFreshToken, signal), outOfTime.promise]);
    } catch (error) {
      throw this.#explain(error, signal);
    }
  }

  /** Requests a token if there is none, so that readiness recovers without a push. Throws the fault of the credentials. */
  async probe(): Promise<void> {
    await this.#tokens.get();
  }

  async #attempt<T>(
    request: Request,
    read: ReadResponse<T>,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<T> {
    const token = await this.#tokens.get();
    if (signal.aborted || purpose.startSignals?.some(({ aborted }) => aborted))
      throw UpstreamFault.outOfTime(this.name);
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    try {
      // The token was awaited before: its failure is one fault for all who wait for it, and must not count for each
      // of them.
      const result = await this.#breaker.execute(() =>
        this.#observed(purpose, async () => {
          const response = await this.#exchange({ ...request, headers }, signal);
          const fault = UpstreamFault.ofStatus(this.name, response.status, response.retryAfterSeconds);
          if (fault) throw fault.about(response.correlationId);
          try {
            return read(response);
          } catch (error) {
            throw error instanceof Failure || error instanceof Rejection
              ? error.about(response.correlationId)
              : error;
          }
        }),
      );
      this.limit.succeeded();
      this.#tokenRefused = false;
      this.#options.onCredentials(this.name, true);
      return result;
    } catch (error) {
      if (error instanceof UpstreamFault && error.kind === 'throttled') this.limit.lower();
      if (error instanceof UpstreamFault && error.kind === 'unauthorised') this.#tokens.invalidate(token);
      throw error;
    }
  }

  async #fetchToken(): Promise<Token> {
    try {
      const token = await this.#observed(TOKEN, () =>
        this.#options.fetchToken(this.#exchange, this.#closing.signal),
      );
      this.#options.observer?.tokenRenewed(this.name, true);
      // After a token was refused, a new token is no proof: readiness then waits for a request that succeeds.
      if (!this.#tokenRefused) this.#options.onCredentials(this.name, true);
      return token;
    } catch (error) {
      this.#options.observer?.tokenRenewed(this.name, false);
      if (error instanceof UpstreamFault && error.kind === 'refused')
        this.#options.onCredentials(this.name, false);
      throw error;
    }
  }

  async #observed<T>({ operation, size }: Purpose, exchange: () => Promise<T>): Promise<T> {
    const { observer } = this.#options;
    if (!observer) return exchange();
    const since = performance.now();
    const done = (result: string) =>
      observer.request({
        upstream: this.name,
        operation,
        result,
        milliseconds: performance.now() - since,
        size,
      });
    try {
      const value = await exchange();
      done('ok');
      return value;
    } catch (error) {
      // Errors that are no fault are regular responses, such as not found or already exists.
      done(error instanceof UpstreamFault ? error.kind : 'declined');
      throw error;
    }
  }

  #explain(error: unknown, signal: AbortSignal): unknown {
    if (isBrokenCircuitError(error)) {
      const milliseconds = this.#options.breakMilliseconds ?? BREAK_MILLISECONDS;
      return UpstreamFault.circuitOpen(this.name, Math.ceil(milliseconds / 1000));
    }
    if (error instanceof UpstreamFault) {
      // If a new token is refused as well, the credentials are at fault.
      const refused = error.kind === 'unauthorised' ? UpstreamFault.credentials(this.name, 401) : error;
      refused.about(error.correlationId);
      if (error.kind === 'unauthorised') this.#tokenRefused = true;
      if (refused.kind === 'refused') this.#options.onCredentials(this.name, false);
      return refused;
    }
    return signal.aborted ? UpstreamFault.outOfTime(this.name) : error;
  }
}
