import { z } from 'zod';
import type { DeadLetter } from './dead-letter-topic.ts';
import type { Message } from './pusher.ts';
import type { Random } from './random.ts';
import type { SenderRules } from './sender-rules.ts';

const AT_ONCE = 50;
const GATHER_MILLISECONDS = 300;
/** The header with the ids of the messages in a push, because the proxy cannot parse the formats of all senders. */
export const MESSAGES_HEADER = 'x-chaos-messages';

export interface SenderPusherOptions {
  readonly endpoint: string;
  readonly rules: SenderRules;
  /** The probability of another delivery after the acknowledgement. */
  readonly againProbability: number;
  readonly random: Random;
}

/** Set on a dead letter whose reason is unknown because it was part of a batch, or whose data is empty. */
export const REASON_UNKNOWN = 'reasonUnknown';

interface Held extends Message {
  attempts: number;
  again: boolean;
}

interface Answer {
  /** 0 without a response. */
  readonly status: number;
  readonly retryAfterSeconds: number;
  readonly reason: string;
}

const Problem = z.object({ reason: z.string() });

/** Pushes by the rules of a sender; a list replaces its dead-letter queue. */
export class SenderPusher {
  /** Messages that were given up because of a final response. */
  readonly deadLetters: DeadLetter[] = [];
  /** The ids of all messages that were given up because of a final response, including the others of a batch. */
  readonly givenUp = new Set<string>();
  redriven = 0;
  readonly #options: SenderPusherOptions;
  readonly #due: Held[] = [];
  /** Messages that failed too often; an operator sends them again after the disturbance. */
  readonly #exhausted: Held[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();
  #inFlight = 0;
  #published = 0;

  constructor(options: SenderPusherOptions) {
    this.#options = options;
  }

  publish(data: string, attributes: Readonly<Record<string, string>> = {}): string {
    this.#published += 1;
    const id = `m-${this.#published}`;
    this.#due.push({ id, data, attributes, attempts: 0, again: false });
    this.#gather();
    return id;
  }

  /** Sends the messages again that failed too often. */
  redrive(): void {
    for (const message of this.#exhausted.splice(0)) {
      this.redriven += 1;
      message.attempts = 0;
      this.#due.push(message);
    }
    this.#pump();
  }

  stop(): void {
    this.#stopped.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** A sender of batches waits for more messages. */
  #gather(): void {
    const { mostInBatch } = this.#options.rules;
    if (mostInBatch === 1) this.#pump();
    else if (this.#due.length === 1) this.#after(GATHER_MILLISECONDS, () => this.#pump());
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #pump(): void {
    const { random, rules } = this.#options;
    while (this.#inFlight < AT_ONCE && this.#due.length > 0 && !this.#stopped.signal.aborted) {
      const size = Math.min(this.#due.length, random.between(1, rules.mostInBatch));
      const batch = Array.from({ length: size }, () =>
        this.#due.splice(random.between(0, this.#due.length - 1), 1),
      ).flat();
      void this.#deliver(batch);
    }
  }

  async #deliver(batch: readonly Held[]): Promise<void> {
    const { rules, random, againProbability } = this.#options;
    this.#inFlight += 1;
    for (const message of batch) message.attempts += 1;
    const answer = await this.#send(batch);
    this.#inFlight -= 1;
    if (this.#stopped.signal.aborted) return;
    if (rules.acknowledges(answer.status)) {
      for (const message of batch) {
        if (message.again || !random.chance(againProbability)) continue;
        message.again = true;
        this.#later(message, answer);
      }
    } else if (rules.isFinal(answer.status)) {
      for (const message of batch) this.#giveUp(message, answer, batch.length);
    } else {
      for (const message of batch) {
        if (message.attempts < rules.mostAttempts) this.#later(message, answer);
        else this.#exhausted.push(message);
      }
    }
    this.#pump();
  }

  async #send(batch: readonly Held[]): Promise<Answer> {
    const { endpoint, rules } = this.#options;
    const made = rules.request(batch);
    const headers = { ...made.headers, [MESSAGES_HEADER]: batch.map(({ id }) => id).join(',') };
    const timeLimit = AbortSignal.timeout(rules.timeLimitSeconds * 1000);
    const signal = AbortSignal.any([this.#stopped.signal, timeLimit]);
    try {
      const response = await fetch(endpoint, { ...made, headers, signal });
      const text = await response.text();
      const problem = text === '' ? undefined : Problem.safeParse(JSON.parse(text)).data;
      return {
        status: response.status,
        retryAfterSeconds: Number(response.headers.get('retry-after') ?? 0),
        reason: problem?.reason ?? 'unknown',
      };
    } catch {
      return { status: 0, retryAfterSeconds: 0, reason: 'no-answer' };
    }
  }

  /**
   * The response does not tell which message of a batch was rejected; a dead letter is kept for those that were published as
   * poison.
   */
  #giveUp(message: Held, { reason }: Answer, size: number): void {
    const { id, data, attributes } = message;
    this.givenUp.add(id);
    const isPoison = attributes['poison'] !== undefined;
    if (message.again || (size > 1 && !isPoison)) return;
    this.deadLetters.push({
      data,
      attributes: {
        ...attributes,
        reason,
        ...((size > 1 || data === '') && { [REASON_UNKNOWN]: 'true' }),
        messageId: id,
        deadLetteredAt: new Date().toISOString(),
        resource: resourceOf(data),
      },
    });
  }

  #later(message: Held, { retryAfterSeconds }: Answer): void {
    const { rules, random } = this.#options;
    const delay = rules.delay(message.attempts, random);
    const seconds = rules.honoursRetryAfter ? Math.max(delay, retryAfterSeconds) : delay;
    this.#after(seconds * 1000, () => {
      this.#due.push(message);
      this.#gather();
    });
  }
}

const Notification = z.object({ resource: z.object({ typeId: z.string(), id: z.string() }) });

function resourceOf(data: string): string {
  try {
    const { resource } = Notification.parse(JSON.parse(data));
    return `${resource.typeId}/${resource.id}`;
  } catch {
    return '';
  }
}
