import type { Order, OrderImportDraft } from '@commercetools/platform-sdk';
import { z } from 'zod';
import type { Answer } from './commercetools-answer.ts';
import type { Payload } from './commercetools-notifications.ts';

/** An order to import; missing fields are filled in. */
export type OrderDraft = Partial<OrderImportDraft>;

/** Answers a request like the API, without HTTP. */
type Send = (method: 'POST' | 'DELETE', path: string, body?: object) => Promise<Answer>;

const Versioned = z.looseObject({
  id: z.string(),
  version: z.number(),
  lastModifiedAt: z.string().optional(),
});
const OrderAnswer = z.custom<Order>((value) => Versioned.safeParse(value).success);

/** Imports an order, like `POST /orders/import`. */
export async function createOrder(send: Send, draft: OrderDraft): Promise<Order> {
  const totalPrice = { currencyCode: 'EUR', centAmount: 100 };
  return read(await send('POST', 'orders/import', { totalPrice, ...draft }));
}

/** Deletes the current version of an order. */
export async function deleteOrder(
  send: Send,
  { id, version }: Pick<Order, 'id' | 'version'>,
): Promise<Order> {
  return read(await send('DELETE', `orders/${id}?version=${version}`));
}

/** Returns the notification for a request that changed an order; undefined for other requests. */
export function orderNotification(
  projectKey: string,
  method: string,
  collection: string,
  { status, body }: Answer,
): Payload | undefined {
  if (collection !== 'orders' || (method !== 'POST' && method !== 'DELETE') || status >= 300)
    return undefined;
  const order = Versioned.safeParse(JSON.parse(body)).data;
  if (!order) return undefined;
  const { id, version, lastModifiedAt: modifiedAt } = order;
  const changed = { projectKey, resource: { typeId: 'order', id }, version, modifiedAt };
  if (method === 'DELETE') return { notificationType: 'ResourceDeleted', ...changed };
  if (version === 1) return { notificationType: 'ResourceCreated', ...changed };
  return { notificationType: 'ResourceUpdated', ...changed, oldVersion: version - 1 };
}

function read({ status, body }: Answer): Order {
  if (status < 300) return OrderAnswer.parse(JSON.parse(body));
  throw new Error(`Expected the stand-in to take the order, it answered ${status}: ${body}`);
}
