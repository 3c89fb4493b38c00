import { hostname } from 'node:os';
import type { CircuitState, ObservedOutcome } from '../observe/observer.ts';
import { Throttle } from './throttle.ts';
import { openWebhook, type Webhook, type WebhookOptions } from './webhook.ts';

/** Notifies a person of what needs attention, with ids, codes and names of fields only. */
export interface Notifier {
  /** Why this instance is not ready; empty once it is. */
  readiness(reasons: readonly string[]): void;
  circuit(upstream: string, state: CircuitState): void;
  outcome(outcome: Pick<ObservedOutcome, 'deadLettered' | 'reason'>): void;
  /** Sends the counted messages, and waits for that for a moment. */
  close(): Promise<void>;
}

const INTERVAL_MILLISECONDS = 60_000;
const REASON = /^[a-z0-9-]{1,50}$/;

/** Opens the webhook, and a notifier that posts to it. */
export function openNotifier(options: WebhookOptions): Notifier {
  return createNotifier(openWebhook(options));
}

/** Posts one message a minute for each reason at most. */
export function createNotifier(webhook: Webhook): Notifier {
  const throttle = new Throttle(INTERVAL_MILLISECONDS, (text) =>
    webhook.post(`${text}\n(customer sync on ${hostname()})`),
  );
  /** The last message about each state, so that a state that did not change is not sent again. */
  const lastTexts = new Map<string, string>();
  const postState = (topic: string, usual: string, text: string) =>
    throttle.add(topic, () => {
      if (text === (lastTexts.get(topic) ?? usual)) return undefined;
      lastTexts.set(topic, text);
      return text;
    });

  return {
    readiness(reasons) {
      const ready = 'Ready again.';
      // A shutdown needs no attention.
      const troubles = reasons.filter((reason) => reason !== 'draining');
      const text = troubles.length === 0 ? ready : `Not ready: ${troubles.join('; ')}`;
      postState('readiness', ready, text);
    },
    circuit(upstream, state) {
      // A half-open circuit is neither failed nor recovered yet.
      if (state === 'HalfOpen') return;
      const closed = `${upstream} answers again.`;
      const open = `${upstream} does not answer: its circuit is open, and events wait in Pub/Sub.`;
      postState(`circuit ${upstream}`, closed, state === 'Closed' ? closed : open);
    },
    outcome({ deadLettered, reason }) {
      if (!deadLettered) return;
      const name = REASON.test(reason) ? reason : 'other';
      throttle.add(`dead letters ${name}`, (count) => {
        const what = count === 1 ? '1 dead letter' : `${count} dead letters`;
        return `${what} published: ${name}. \`customer-sync dead-letters list\` shows them.`;
      });
    },
    async close() {
      throttle.close();
      await webhook.close();
    },
  };
}
