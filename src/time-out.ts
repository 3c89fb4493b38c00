/**
 * Returns the value of `work`, or of `otherwise` if the work takes longer than `milliseconds`. `otherwise` may throw. The
 * work itself continues; pass it a signal to stop it.
 */
export async function timeOut<T, Other>(
  work: Promise<T>,
  milliseconds: number,
  otherwise: () => Other,
): Promise<T | Other> {
  const isOver = Promise.withResolvers<typeof OVER>();
  const timer = setTimeout(isOver.resolve, Math.max(0, milliseconds), OVER);
  try {
    const first = await Promise.race([work, isOver.promise]);
    return first === OVER ? otherwise() : first;
  } finally {
    clearTimeout(timer);
  }
}

const OVER = Symbol('over');

/**
 * A signal that aborts after some milliseconds, or with another signal. Disposing it clears the timer; the timer of
 * `AbortSignal.timeout`, and everything it references, would stay in memory until it fires.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = () => this.#controller.abort();
  #expired = false;

  constructor(milliseconds: number, outer?: AbortSignal) {
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#abort();
    }, milliseconds);
    this.#outer = outer;
    if (outer?.aborted) this.#abort();
    else outer?.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True when the time has run out; false while it runs, and when the outer signal aborted first. */
  get expired(): boolean {
    return this.#expired;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#abort);
  }
}
