export { decode, isSubscriptionTest } from './decode.ts';
export type { OpenedDelivery } from './event.ts';
