import { type CircuitBreakerPolicy, CircuitState, isBrokenCircuitError } from 'cockatiel';
import type { Log } from '../observe/log.ts';
import type { CircuitState as ObservedCircuit, Observer, Operation } from '../observe/observer.ts';
import { Limit } from './concurrency-limit.ts';
import { Deadline } from './deadline.ts';
import { createExchange, type Exchange, type Request, type UpstreamResponse } from './exchange.ts';
import { UpstreamFault } from './fault.ts';
import { createBreaker, createRetry } from './retry.ts';
import { type Token, TokenSource } from './token-source.ts';

/** What a request is for. */
export interface Purpose {
  readonly operation: Operation;
  /** Customers that leave together. */
  readonly size: number;
  /** Once one of these has aborted no try is started any more: a write that is sent too late may undo a newer one. */
  readonly begin?: readonly AbortSignal[];
}

/** Requests that finish what has been started go first. */
const PRIORITY: Readonly<Record<Operation, number>> = {
  token: 0,
  read: 0,
  'look-up': 0,
  other: 0,
  write: 1,
  check: 2,
};

export interface UpstreamOptions {
  /** As in `commercetools my-project`: what errors, logs and readiness call it. */
  readonly name: string;
  readonly concurrency: number;
  readonly timeoutMilliseconds: number;
  /** How long all tries of one request may take together. */
  readonly budgetMilliseconds: number;
  readonly log: Log;
  readonly observer?: Observer | undefined;
  /** How long the circuit stays open before a request may probe the upstream; 5 s unless given. */
  readonly breakMilliseconds?: number;
  /** Asks the token endpoint once. */
  fetchToken(exchange: Exchange, signal: AbortSignal): Promise<Token>;
  /** Told whether the credentials work: readiness. */
  onCredentials(name: string, accepted: boolean): void;
}

/** Reads an answer: returns what it holds, or throws the `UpstreamFault` that it is. */
export type ReadResponse<T> = (answer: UpstreamResponse) => T;

const BREAK_MILLISECONDS = 5_000;
const TOKEN: Purpose = { operation: 'token', size: 0 };
const STATES: Readonly<Partial<Record<CircuitState, ObservedCircuit>>> = {
  [CircuitState.Closed]: 'Closed',
  [CircuitState.Open]: 'Open',
  [CircuitState.HalfOpen]: 'HalfOpen',
};

/**
 * Everything between a client and its upstream: token, limit of requests in flight, time-out, retry and circuit breaker.
 *
 * A try holds one slot of the limit while it is in flight, never while it waits to be tried again.
 */
export class Upstream {
  readonly name: string;
  readonly limit: Limit;
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
    this.limit = new Limit(options.concurrency);
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
      options.log.warn({ upstream: this.name, circuit }, 'The circuit changed.');
      if (circuit) options.observer?.circuit(this.name, circuit);
    });
  }

  get circuit(): ObservedCircuit {
    // Isolated by hand, which nobody does, it is as good as open.
    return STATES[this.#breaker.state] ?? 'Open';
  }

  /** Sends a request with the account's token; tries again what is worth it within the budget. */
  async send<T>(request: Request, read: ReadResponse<T>, purpose: Purpose): Promise<T> {
    using deadline = new Deadline(this.#options.budgetMilliseconds, this.#closing.signal);
    const { signal } = deadline;
    let refusedToken = false;
    const priority = PRIORITY[purpose.operation];
    const attempt = () => this.limit.run(() => this.#try(request, read, purpose, signal), priority);
    const attemptWithFreshToken = async () => {
      try {
        return await attempt();
      } catch (error) {
        // A token may be revoked at any time: once, a new one is worth a try, without waiting.
        if (!(error instanceof UpstreamFault) || error.kind !== 'unauthorised' || refusedToken) throw error;
        refusedToken = true;
        return await attempt();
      }
    };
    // Waiting for a token, a slot or the next try knows nothing of the signal.
    const timeIsUp = Promise.withResolvers<never>();
    const giveUp = () => timeIsUp.reject(UpstreamFault.outOfTime(this.name));
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([this.#retry.execute(attemptWithFreshToken, signal), timeIsUp.promise]);
    } catch (error) {
      throw this.#explain(error, signal);
    }
  }

  /** True when the credentials give a token; renews readiness where nothing else asks. */
  async probe(): Promise<void> {
    await this.#tokens.get();
  }

  async #try<T>(request: Request, read: ReadResponse<T>, purpose: Purpose, signal: AbortSignal): Promise<T> {
    const token = await this.#tokens.get();
    if (signal.aborted || purpose.begin?.some(({ aborted }) => aborted))
      throw UpstreamFault.outOfTime(this.name);
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    try {
      // A token that cannot be had is one fault, however many wait for it, and not for the circuit to count.
      const result = await this.#breaker.execute(() =>
        this.#observed(purpose, async () => {
          const answer = await this.#exchange({ ...request, headers }, signal);
          const fault = UpstreamFault.ofStatus(this.name, answer.status, answer.retryAfterSeconds);
          if (fault) throw fault;
          return read(answer);
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
      // A token proves nothing where it is the token that is refused: then only an answered request does.
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
      // What is no fault of the upstream is an answer of its own: not there, taken already.
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
      // A fresh token refused as well is not the token's fault.
      const refused = error.kind === 'unauthorised' ? UpstreamFault.credentials(this.name, 401) : error;
      if (error.kind === 'unauthorised') this.#tokenRefused = true;
      if (refused.kind === 'refused') this.#options.onCredentials(this.name, false);
      return refused;
    }
    return signal.aborted ? UpstreamFault.outOfTime(this.name) : error;
  }
}
