import { setTimeout as wait } from 'node:timers/promises';
import type { Payload } from '../sandbox/commercetools-notifications.ts';
import type { Channel } from './channel.ts';
import type { Random } from './random.ts';

const LONGEST_DELAY_MILLISECONDS = 3_000;
const PUBLISHED_TWICE_PROBABILITY = 0.02;

/** Returns the delay in milliseconds before a notification of a type is published; called for each one. */
export type Pace = (notificationType: unknown) => number;

interface Message {
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Publishes with delays and out of order, and knows the ids of all messages that must be acknowledged. */
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

  /** Publishes a notification like commercetools: some time after the change, and sometimes twice. */
  notify(payload: Payload): void {
    const times = this.#random.chance(PUBLISHED_TWICE_PROBABILITY) ? 2 : 1;
    for (let time = 0; time < times; time += 1)
      this.later(JSON.stringify(payload), {}, this.#pace?.(payload['notificationType']));
  }

  /** Publishes the notifications of changes made during `work` with these delays. */
  async paced(pace: Pace | undefined, work: () => Promise<void>): Promise<void> {
    this.#pace = pace;
    try {
      await work();
    } finally {
      this.#pace = undefined;
    }
  }

  later(data: string, attributes: Readonly<Record<string, string>> = {}, milliseconds?: number): void {
    // Most are published soon; a few are overtaken by many others.
    const delay = milliseconds ?? LONGEST_DELAY_MILLISECONDS * this.#random.next() ** 3;
    const sending = wait(delay).then(async () => {
      const id = await this.#channel.publish(data, attributes);
      this.ids.add(id);
      this.#messages.set(id, { data, attributes });
    });
    this.#under.add(sending);
    sending.finally(() => this.#under.delete(sending)).catch(() => undefined);
  }

  /** Returns the message that was published with this id. */
  message(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  /** Waits until everything is published; rejects if something could not be published. */
  async flush(): Promise<void> {
    while (this.#under.size > 0) await Promise.all([...this.#under]);
  }
}
