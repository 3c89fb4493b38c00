import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Log } from '../../observe/log.ts';
import { fetchText } from '../authenticate/fetch-text.ts';
import type { PushResponse } from '../sender.ts';
import type { SnsMessage } from './message.ts';
import { at } from './verify.ts';

const DEADLINE_MILLISECONDS = 5_000;
const RETRY_AFTER_SECONDS = 5;
const MAX_REMEMBERED = 100;

/**
 * Confirms a subscription by the URL of its verified message; SNS delivers no notifications before.
 * A message that is delivered again causes no second request.
 */
export function createConfirm(
  origin: string | undefined,
  log: Log,
): (message: SnsMessage) => Promise<PushResponse> {
  const confirmations = new LRUCache<string, Promise<PushResponse>>({ max: MAX_REMEMBERED });

  async function confirm(key: string, { SubscribeURL = '', TopicArn }: SnsMessage): Promise<PushResponse> {
    const answer = await fetchText(at(SubscribeURL, origin), DEADLINE_MILLISECONDS, 'error');
    if ('fault' in answer) {
      confirmations.delete(key);
      log.error({ topicArn: TopicArn, fault: answer.fault }, 'The SNS subscription could not be confirmed.');
      return {
        status: 503,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        problem: {
          reason: 'confirmation-failed',
          detail: `SNS did not accept the confirmation (${answer.fault}).`,
        },
      };
    }
    log.info(
      { topicArn: TopicArn },
      'The SNS subscription is confirmed; notifications are delivered from now on.',
    );
    return { status: 204 };
  }

  return (message) => {
    const key = hash('sha256', message.SubscribeURL ?? '', 'base64');
    const response = confirmations.get(key) ?? confirm(key, message);
    confirmations.set(key, response);
    return response;
  };
}
