import { setTimeout as wait } from 'node:timers/promises';
import type { CommercetoolsSandbox, Payload, ProjectSandbox } from './commercetools.ts';
import { sendPush } from './push.ts';

export interface TrafficOptions {
  readonly commercetools: CommercetoolsSandbox;
  /** The projects whose customers change; the first one when left out. */
  readonly projects?: readonly ProjectSandbox[];
  /** Where pushes go. */
  readonly push: string;
  /** The average time between two changes; default 1,000. */
  readonly everyMilliseconds?: number;
}

const FIRST_NAMES = ['Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Tony', 'Frances'];
const REDELIVERIES = 3;
const REDELIVERY_MILLISECONDS = 4_000;

/** Events that can never be handled, each for another reason; generated, and without a customer. */
const POISON: readonly unknown[] = [
  'this is no JSON',
  {
    notificationType: 'ResourceUpdated',
    projectKey: 'elsewhere',
    resource: { typeId: 'customer', id: 'a-1' },
    version: 2,
    oldVersion: 1,
    modifiedAt: '2026-03-02T09:15:00.000Z',
  },
  '',
];
const UNWANTED = {
  notificationType: 'ResourceUpdated',
  resource: { typeId: 'order', id: 'o-1' },
  version: 1,
};

/** Pushes like Pub/Sub: repeats a push that is not acknowledged a few times. Never rejects. */
export async function deliver(push: string, payload: unknown, signal?: AbortSignal): Promise<void> {
  for (let attempt = 1; attempt <= REDELIVERIES && !signal?.aborted; attempt += 1) {
    const answer = await sendPush(push, payload).catch(() => undefined);
    // Pub/Sub would repeat a rejected push too; the demo does not need that.
    if (answer && answer.status < 500) return;
    await wait(REDELIVERY_MILLISECONDS, undefined, { ref: false });
  }
}

/**
 * Changes generated customers one after the other, and sometimes sends an event that no route matches, an event that is always
 * rejected, or makes an upstream fail for a moment. `change` returns the notification to push, passed from `onNotification`.
 */
export async function startTraffic(
  options: TrafficOptions,
): Promise<{ deliver(change: Payload): void; stop(): Promise<void> }> {
  const { commercetools, projects = [commercetools], push, everyMilliseconds = 1_000 } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const seeded = projects.map((project) => project.seed(8));
  // In turn, one of each project.
  const customers = Array.from({ length: 8 }, (_, index) =>
    projects.flatMap((project, position) => {
      const customer = seeded[position]?.[index];
      return customer ? [{ id: customer.id, project }] : [];
    }),
  ).flat();

  async function step(turn: number): Promise<void> {
    if (turn % 9 === 4) void deliver(push, UNWANTED, signal);
    if (turn % 23 === 7) void deliver(push, POISON[Math.floor(turn / 23) % POISON.length], signal);
    if (turn % 41 === 30) commercetools.fault({ kind: 'status', only: ['query', 'by-id'], times: 3 });
    const customer = customers[(turn * 5) % customers.length];
    const firstName = FIRST_NAMES[(turn + Math.floor(turn / customers.length)) % FIRST_NAMES.length] ?? 'Ada';
    if (customer) await customer.project.updateCustomer(customer.id, [{ action: 'setFirstName', firstName }]);
  }

  async function keepOn(): Promise<void> {
    for (let turn = 0; !signal.aborted; turn += 1) {
      await step(turn);
      await wait(everyMilliseconds * (0.3 + Math.random() * 1.4), undefined, { ref: false, signal });
    }
  }
  // The stand-ins may be closed already.
  const ended = keepOn().catch(() => ending.abort());
  return {
    deliver: (change) => void deliver(push, change, signal),
    // A change in flight would keep its connection open, and the stand-in could not close.
    stop: () => {
      ending.abort();
      return ended;
    },
  };
}
