/** Creates a message when it is sent, from the number of occurrences since the last one. Undefined sends nothing. */
export type Render = (count: number) => string | undefined;

interface Topic {
  count: number;
  render: Render;
}

const MAX_TOPICS = 100;

/**
 * Sends one message a topic and interval at most. The first is sent at once; later ones are counted, and sent as one when
 * the interval is over.
 */
export class Throttle {
  readonly #topics = new Map<string, Topic>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #milliseconds: number;
  readonly #send: (text: string) => void;

  constructor(milliseconds: number, send: (text: string) => void) {
    this.#milliseconds = milliseconds;
    this.#send = send;
  }

  /** Sends or counts a message. Topics beyond a hundred are merged into one. */
  add(name: string, render: Render): void {
    const known = this.#topics.has(name) || this.#topics.size < MAX_TOPICS;
    const topic = known ? name : 'other';
    const counted = this.#topics.get(topic);
    if (counted) {
      counted.count += 1;
      counted.render = render;
      return;
    }
    // If there is nothing to send, the next message is not delayed.
    if (!this.#sendRendered(render, 1)) return;
    this.#topics.set(topic, { count: 0, render });
    this.#later(topic);
  }

  /** Sends the counted messages, and stops. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const { count, render } of this.#topics.values()) if (count > 0) this.#sendRendered(render, count);
    this.#topics.clear();
  }

  #later(name: string): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const topic = this.#topics.get(name);
      this.#topics.delete(name);
      if (!topic || topic.count === 0) return;
      if (!this.#sendRendered(topic.render, topic.count)) return;
      this.#topics.set(name, { count: 0, render: topic.render });
      this.#later(name);
    }, this.#milliseconds).unref();
    this.#timers.add(timer);
  }

  #sendRendered(render: Render, count: number): boolean {
    const text = render(count);
    if (text !== undefined) this.#send(text);
    return text !== undefined;
  }
}
