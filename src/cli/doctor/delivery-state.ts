import type { Subscription } from '@commercetools/platform-sdk';
import type { CheckResult } from './check.ts';

/** commercetools keeps undelivered notifications for this time before it stops. */
const KEPT_DAYS = 7;
const DAY_MILLISECONDS = 86_400_000;

/**
 * The result for the delivery status of a subscription; undefined if it is healthy.
 * https://docs.commercetools.com/api/projects/subscriptions#subscriptionhealthstatus
 */
export function deliveryState({
  status,
  lastModifiedAt,
}: Pick<Subscription, 'lastModifiedAt'> & { readonly status: string }): CheckResult | undefined {
  switch (status) {
    case 'TemporaryError':
      return {
        state: 'warning',
        detail: 'TemporaryError: commercetools keeps the notifications and retries',
        advice: 'Check again in a few minutes; commercetools delivers the notifications later.',
      };
    case 'ConfigurationError':
      return {
        state: 'fault',
        detail: 'ConfigurationError: commercetools cannot publish; it keeps the notifications for a few days',
        advice:
          'Check the destination and the permission of commercetools to publish to it; then the notifications are delivered.',
      };
    case 'ConfigurationErrorDeliveryStopped':
      return {
        state: 'fault',
        detail:
          'ConfigurationErrorDeliveryStopped: delivery has stopped, and the notifications were not kept',
        advice: `Check the permission of commercetools to publish, run \`customer-sync provision\`, which restarts the delivery, and then \`customer-sync sync --since=${lostSince(lastModifiedAt)}\`; if the subscription was changed since, choose an earlier time.`,
      };
    case 'ManuallySuspended':
      return {
        state: 'fault',
        detail: 'ManuallySuspended: commercetools has suspended it, and the notifications are not kept',
        advice: `Only the support of commercetools can resume it; then run \`customer-sync sync --since=${lostSince(lastModifiedAt)}\`; if the subscription was changed since, choose an earlier time.`,
      };
    default:
      return undefined;
  }
}

/**
 * The earliest possible loss: commercetools does not report when it stopped, and the notifications that it kept before are lost
 * too.
 */
function lostSince(lastModifiedAt: string): string {
  return new Date(Date.parse(lastModifiedAt) - KEPT_DAYS * DAY_MILLISECONDS).toISOString();
}
