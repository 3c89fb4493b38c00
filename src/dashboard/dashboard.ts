import type { OpenAccount } from '../engine/accounts.ts';
import type { PendingEvents } from '../observe/pending-events.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { BoundRoute } from '../router/bind-routes.ts';
import { describeRoutes } from '../router/describe.ts';
import { type Access, createAccess } from './access.ts';
import { createAssets } from './assets.ts';
import type { Recorder } from './recorder.ts';
import { Stream } from './stream.ts';

export interface DashboardOptions {
  /** Observes the engine. */
  readonly recorder: Recorder;
  /** Required for the log-in; without one only a browser on this machine may see the page. */
  readonly token: string | undefined;
  readonly routes: readonly BoundRoute[];
  readonly accounts: readonly OpenAccount[];
  readonly queue: { readonly size: number; readonly inFlight: number };
  readonly queueLimit: number;
  readonly pending: Pick<PendingEvents, 'oldest' | 'size'>;
  readonly readiness: Pick<Readiness, 'reasons'>;
  readonly deadLetters: boolean;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** The page at `GET /`: its files, its data, and who may see it. */
export interface Dashboard {
  readonly access: Access;
  readonly asset: ReturnType<typeof createAssets>;
  readonly stream: Stream<number>;
  /** Ends the streams and the sampling. */
  close(): void;
}

const MAX_LISTENERS = 20;
const TICK_MILLISECONDS = 1_000;
/** The current bucket, the one before it, and one more in case a tick was late. */
const TICK_BUCKETS = 3;

/** Creates the page's data source and access control. The data holds ids, codes and numbers only. */
export function openDashboard(options: DashboardOptions): Dashboard {
  const { recorder, accounts, queue, readiness, clock = Date.now } = options;
  const startedAt = clock();
  const sampling = setInterval(() => recorder.recordQueueSize(queue.size), TICK_MILLISECONDS).unref();

  const state = () => {
    const now = clock();
    recorder.recordQueueSize(queue.size);
    return {
      now,
      reasons: readiness.reasons,
      minute: recorder.minute(),
      events: recorder.events,
      pending: { events: options.pending.size, oldest: options.pending.oldest() },
      queue: {
        size: queue.size,
        inFlight: queue.inFlight,
        limit: options.queueLimit,
      },
      groups: recorder.reasons.read(now),
      blanked: recorder.blankedFields.read(now),
      accounts: accounts.map(({ account, upstreams }) => ({
        ...account,
        upstreams: upstreams.map(({ name, limit }) => ({
          name,
          circuit: recorder.circuitOf(name),
          renewal: recorder.renewalOf(name),
          refused: refusalOf(readiness.reasons, name),
          slots: limit.current,
          inFlight: limit.inFlight,
          waiting: limit.waiting,
          operations: recorder.requests.read(name, now),
        })),
      })),
    };
  };

  const stream = new Stream<number>(
    {
      snapshot: () => ({
        data: {
          startedAt,
          deadLetters: options.deadLetters,
          canLogOut: options.token !== undefined,
          routes: describeRoutes(options.routes),
          history: recorder.history(),
          recent: recorder.recent.after(0),
          state: state(),
        },
        position: recorder.recent.total,
      }),
      since: (position) => ({
        data: {
          history: recorder.history(TICK_BUCKETS),
          recent: recorder.recent.after(position),
          state: state(),
        },
        position: recorder.recent.total,
      }),
    },
    { limit: MAX_LISTENERS, intervalMilliseconds: TICK_MILLISECONDS },
  );

  return {
    access: createAccess(options.token),
    asset: createAssets(),
    stream,
    close() {
      clearInterval(sampling);
      stream.close();
    },
  };
}

/** What an upstream refuses, to follow its name; null where it refuses nothing. */
function refusalOf(reasons: readonly string[], upstream: string): string | null {
  const reason = reasons.find((one) => one.endsWith(`: ${upstream}`));
  if (reason === undefined) return null;
  const mismatch = /^schema-mismatch \((.*)\): /.exec(reason)?.[1];
  return mismatch === undefined ? 'refuses the credentials' : `does not fit the mapping: ${mismatch}`;
}
