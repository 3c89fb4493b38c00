import type { Instruments } from './instruments.ts';
import type { Observer } from './observer.ts';
import { OutcomeCounter } from './outcome-counter.ts';
import type { ServiceState } from './state.ts';

export interface Metrics {
  readonly observer: Observer;
  /** All metrics in Prometheus' text format. */
  text(state: ServiceState): Promise<{ readonly type: string; readonly body: string }>;
}

/** prom-client takes longer to load than a push to answer, so it waits for the first look, or for so much to count. */
const LOAD_AFTER_OBSERVATIONS = 1_000;

const NO_ROUTE = 'none';

/** Counts what the service tells it; what comes before prom-client is loaded is kept and counted then. */
export function createMetrics(loadAfter: number = LOAD_AFTER_OBSERVATIONS): Metrics {
  let instruments: Instruments | undefined;
  let loading: Promise<Instruments> | undefined;
  const kept: ((observer: Instruments['observer']) => void)[] = [];
  // What every push pays is counted here: prom-client makes strings and objects for each count.
  const outcomes = new OutcomeCounter();
  // A rate needs a series that was there before the first push.
  const answers = new Map([[204, 0]]);

  async function load(): Promise<Instruments> {
    const [prometheus, { createInstruments }] = await Promise.all([
      import('prom-client'),
      import('./instruments.ts'),
    ]);
    const loaded = createInstruments(prometheus, outcomes);
    for (const tell of kept.splice(0)) tell(loaded.observer);
    instruments = loaded;
    return loaded;
  }

  function count(tell: (observer: Instruments['observer']) => void): void {
    if (instruments) {
      tell(instruments.observer);
      return;
    }
    kept.push(tell);
    if (kept.length >= loadAfter) loading ??= load();
  }

  return {
    observer: {
      pushAnswered(status) {
        answers.set(status, (answers.get(status) ?? 0) + 1);
      },
      pushRefused(reason) {
        outcomes.count(NO_ROUTE, 'failed', reason);
      },
      outcome(observed) {
        outcomes.count(observed.route ?? NO_ROUTE, observed.outcome, observed.reason);
        if (observed.outcome !== 'ignored') count((observer) => observer.outcome(observed));
      },
      waited: (milliseconds) => count((observer) => observer.waited(milliseconds)),
      handled: (milliseconds) => count((observer) => observer.handled(milliseconds)),
      request: (request) => count((observer) => observer.request(request)),
      circuit: (upstream, state) => count((observer) => observer.circuit(upstream, state)),
      tokenRenewed: (upstream, renewed) => count((observer) => observer.tokenRenewed(upstream, renewed)),
    },
    async text(state) {
      loading ??= load();
      const { registry, show } = await loading;
      show(state, answers, outcomes.read());
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}
