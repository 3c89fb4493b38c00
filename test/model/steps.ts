/** A point before or after the effect of an operation, where a run waits for the model. */
interface Waiting {
  readonly instance: object;
  goOn(): void;
  fail(fault: Error): void;
}

/** The points where the runs of all instances wait. The model chooses which one continues. */
export class Steps {
  readonly #waiting: Waiting[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  /** An operation with an atomic effect; it waits before the effect, and between the effect and the response. */
  async operation<Value>(instance: object, effect: () => Value): Promise<Value> {
    await this.#step(instance);
    let answer: () => Value;
    try {
      const value = effect();
      answer = () => value;
    } catch (error) {
      answer = () => {
        throw error;
      };
    }
    await this.#step(instance);
    return answer();
  }

  goOn(pick: number): void {
    this.#take(pick)?.goOn();
  }

  /** Continues one operation of this instance. */
  goOnOf(instance: object): void {
    const index = this.#waiting.findIndex((waiting) => waiting.instance === instance);
    if (index >= 0) this.#take(index)?.goOn();
  }

  fail(pick: number, fault: Error): void {
    this.#take(pick)?.fail(fault);
  }

  /** Removes the operations of a dead instance; they never end. */
  forget(instance: object): void {
    const others = this.#waiting.filter((waiting) => waiting.instance !== instance);
    this.#waiting.splice(0, this.#waiting.length, ...others);
  }

  #take(pick: number): Waiting | undefined {
    return this.#waiting.splice(pick % Math.max(1, this.#waiting.length), 1)[0];
  }

  #step(instance: object): Promise<void> {
    const { promise, resolve: goOn, reject: fail } = Promise.withResolvers<void>();
    this.#waiting.push({ instance, goOn, fail });
    return promise;
  }
}
