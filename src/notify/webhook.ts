import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { Log } from '../observe/log.ts';
import { Failure } from '../outcome.ts';
import { timeOut } from '../time-out.ts';
import { createExchange, type Request } from '../upstream/exchange.ts';
import { UpstreamFault } from '../upstream/fault.ts';

export interface WebhookOptions {
  readonly url: string;
  /** The secret that signs each message, if set. */
  readonly secret: string | undefined;
  readonly log: Log;
}

/** Where messages are posted to. */
export interface Webhook {
  /** Returns at once. A message that cannot be delivered is logged. */
  post(text: string): void;
  /** Waits for a moment for the messages in flight. */
  close(): Promise<void>;
}

const POST_MILLISECONDS = 5_000;
const CLOSE_MILLISECONDS = 2_000;
const LARGEST_ANSWER = 65_536;
const MAX_WAITING = 50;
const TRIES = 3;
const FIRST_WAIT_MILLISECONDS = 500;

/** Posts `{"text": …}`, Slack's form, one message at a time; with a secret, signed as GitHub signs its webhooks. */
export function openWebhook({ url, secret, log }: WebhookOptions): Webhook {
  const { exchange, close } = createExchange('The notification webhook', POST_MILLISECONDS, LARGEST_ANSWER);
  const closing = new AbortController();
  const queue = new PQueue({ concurrency: 1 });

  async function send(text: string): Promise<void> {
    const body = JSON.stringify({ text });
    const signature = secret && createHmac('sha256', secret).update(body).digest('hex');
    const headers = {
      'content-type': 'application/json',
      ...(signature && { 'x-signature-256': `sha256=${signature}` }),
    };
    for (let attempt = 1; ; attempt += 1) {
      const fault = await attemptToPost({ method: 'POST', url, headers, body });
      if (!fault) return;
      if (fault.kind === 'final' || attempt === TRIES) throw fault;
      await pause(FIRST_WAIT_MILLISECONDS * 2 ** (attempt - 1), undefined, { signal: closing.signal });
    }
  }

  async function attemptToPost(request: Request): Promise<UpstreamFault | undefined> {
    try {
      const { status } = await exchange(request, closing.signal);
      if (status < 300) return undefined;
      const kind = status === 429 || status >= 500 ? 'transient' : 'final';
      return new UpstreamFault(kind, `http-${status}`, `The notification webhook answered HTTP ${status}.`);
    } catch (error) {
      if (error instanceof UpstreamFault) return error;
      throw error;
    }
  }

  /** The URL is a secret, so an error is described by its code. */
  function logFailure(error: unknown): void {
    if (closing.signal.aborted) return;
    const reason = error instanceof Failure ? error.reason : 'unknown-error';
    log.warn({ reason }, 'A notification could not be delivered; look at NOTIFY_WEBHOOK_URL.');
  }

  return {
    post(text) {
      if (queue.size >= MAX_WAITING) {
        logFailure(new Failure('queue-full', 'Too many notifications wait.'));
        return;
      }
      queue.add(() => send(text)).catch(logFailure);
    },
    async close() {
      await timeOut(queue.onIdle(), CLOSE_MILLISECONDS, () => undefined);
      queue.clear();
      closing.abort();
      await close();
    },
  };
}
