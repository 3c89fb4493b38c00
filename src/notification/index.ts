export { decode, isSubscriptionTest } from './decode.ts';
export { type OpenedDelivery, openEnvelope } from './envelope.ts';
