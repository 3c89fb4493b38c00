/** A message, made when it is sent: of how many occurrences since the last one. Undefined where there is nothing to say any more. */
export type Render = (count: number) => string | undefined;

interface Topic {
  count: number;
  render: Render;
}

const MOST_TOPICS = 100;

/**
 * Sends one message a topic and interval at most. The first is sent at once; what comes after it is gathered, and said in one
 * when the interval is over.
 */
export class Gathering {
  readonly #topics = new Map<string, Topic>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #milliseconds: number;
  readonly #send: (text: string) => void;

  constructor(milliseconds: number, send: (text: string) => void) {
    this.#milliseconds = milliseconds;
    this.#send = send;
  }

  /** Topics are few and known; those beyond a hundred share one. */
  tell(name: string, render: Render): void {
    const known = this.#topics.has(name) || this.#topics.size < MOST_TOPICS;
    const topic = known ? name : 'other';
    const quiet = this.#topics.get(topic);
    if (quiet) {
      quiet.count += 1;
      quiet.render = render;
      return;
    }
    // What has nothing to say does not silence what comes next.
    if (!this.#say(render, 1)) return;
    this.#topics.set(topic, { count: 0, render });
    this.#later(topic);
  }

  /** Says what is gathered, and gathers no more. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const { count, render } of this.#topics.values()) if (count > 0) this.#say(render, count);
    this.#topics.clear();
  }

  #later(name: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const topic = this.#topics.get(name);
      this.#topics.delete(name);
      if (!topic || topic.count === 0) return;
      if (!this.#say(topic.render, topic.count)) return;
      this.#topics.set(name, { count: 0, render: topic.render });
      this.#later(name);
    }, this.#milliseconds).unref();
    this.#timers.add(timer);
  }

  #say(render: Render, count: number): boolean {
    const text = render(count);
    if (text !== undefined) this.#send(text);
    return text !== undefined;
  }
}
