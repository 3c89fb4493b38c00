import { setTimeout as wait } from 'node:timers/promises';
import type { Payload } from '../sandbox/commercetools-notifications.ts';
import type { Channel } from './channel.ts';
import type { Random } from './random.ts';

const LONGEST_DELAY_MILLISECONDS = 3_000;
const PUBLISHED_TWICE_PROBABILITY = 0.02;

/** Milliseconds until a notification of a type is published, asked for each anew. */
export type Pace = (notificationType: unknown) => number;

interface Message {
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Publishes late and in no order, and knows every message id that there should be an end of. */
export class Publisher {
  readonly ids = new Set<string>();
  readonly #messages = new Map<string, Message>();
  readonly #channel: Channel;
  readonly #random: Random;
  readonly #under = new Set<Promise<void>>();
  #pace: Pace | undefined;

  constructor(channel: Channel, random: Random) {
    this.#channel = channel;
    this.#random = random;
  }

  /** As commercetools does after a change: some time later, and now and then twice. */
  notify(payload: Payload): void {
    const times = this.#random.chance(PUBLISHED_TWICE_PROBABILITY) ? 2 : 1;
    for (let time = 0; time < times; time += 1)
      this.later(JSON.stringify(payload), {}, this.#pace?.(payload['notificationType']));
  }

  /** Notifications of changes made during `work` are published at this pace. */
  async paced(pace: Pace | undefined, work: () => Promise<void>): Promise<void> {
    this.#pace = pace;
    try {
      await work();
    } finally {
      this.#pace = undefined;
    }
  }

  later(data: string, attributes: Readonly<Record<string, string>> = {}, milliseconds?: number): void {
    // Most leave soon; a few are overtaken by many.
    const delay = milliseconds ?? LONGEST_DELAY_MILLISECONDS * this.#random.next() ** 3;
    const sending = wait(delay).then(async () => {
      const id = await this.#channel.publish(data, attributes);
      this.ids.add(id);
      this.#messages.set(id, { data, attributes });
    });
    this.#under.add(sending);
    sending.finally(() => this.#under.delete(sending)).catch(() => undefined);
  }

  /** What was published under this id. */
  message(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  /** Waits until everything is published; rejects when something could not be. */
  async flush(): Promise<void> {
    while (this.#under.size > 0) await Promise.all([...this.#under]);
  }
}
