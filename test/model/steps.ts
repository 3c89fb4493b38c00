/** A point before or after the effect of an operation, where a run waits until it is let go on. */
interface Waiting {
  readonly instance: object;
  goOn(): void;
  fail(fault: Error): void;
}

/** Everything that the runs of all instances wait for: who goes on, and when, is for the model to say. */
export class Steps {
  readonly #waiting: Waiting[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  /** An operation whose effect is atomic, with a step before it and one between effect and answer. */
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

  /** Lets one instance go on alone; the others stay where they are. */
  goOnOf(instance: object): void {
    const index = this.#waiting.findIndex((waiting) => waiting.instance === instance);
    if (index >= 0) this.#take(index)?.goOn();
  }

  fail(pick: number, fault: Error): void {
    this.#take(pick)?.fail(fault);
  }

  /** What an instance waited for never comes: it is dead. */
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
