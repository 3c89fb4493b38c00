import type { OpenedDelivery } from '../notification/event.ts';
import type { PushResponse } from '../senders/sender.ts';

/**
 * Processes all notifications of a push, even if some of them fail, and answers with the highest status: a push is acknowledged
 * when all of it is done, and delivered again as a whole when any of it failed. At most `atOnce` are in the event queue at a
 * time.
 */
export async function processAll(
  deliveries: readonly OpenedDelivery[],
  atOnce: number,
  process: (delivery: OpenedDelivery) => Promise<PushResponse>,
): Promise<PushResponse> {
  let next = 0;
  let worst: PushResponse | undefined;
  async function work(): Promise<void> {
    for (let delivery = deliveries[next++]; delivery; delivery = deliveries[next++]) {
      const response = await process(delivery);
      if (!worst || response.status > worst.status) worst = response;
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  if (!worst) throw new Error('Expected an answer for a push, got none.');
  return worst;
}
