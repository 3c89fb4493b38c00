import type { Instruments } from './instruments.ts';
import type { Observer } from './observer.ts';
import { OutcomeCounter } from './outcome-counter.ts';
import type { ServiceState } from './state.ts';

export interface Metrics {
  readonly observer: Observer;
  /** All metrics in Prometheus' text format. */
  text(state: ServiceState): Promise<{ readonly type: string; readonly body: string }>;
}

/**
 * prom-client takes longer to load than a push to answer. It is loaded by the first `text`, or after this many
 * observations.
 */
const LOAD_AFTER_OBSERVATIONS = 1_000;

const NO_ROUTE = 'none';

/** Creates the metrics. Observations from before prom-client is loaded are kept, and counted when it is. */
export function createMetrics(loadAfter: number = LOAD_AFTER_OBSERVATIONS): Metrics {
  let instruments: Instruments | undefined;
  let loading: Promise<Instruments> | undefined;
  const pending: ((observer: Instruments['observer']) => void)[] = [];
  // Counted here and not by prom-client, which creates strings and objects for each count: every push pays for it.
  const outcomes = new OutcomeCounter();
  // Prometheus can compute a rate only if the series existed before the first push.
  const answers = new Map([[204, 0]]);

  async function load(): Promise<Instruments> {
    const [prometheus, { createInstruments }] = await Promise.all([
      import('prom-client'),
      import('./instruments.ts'),
    ]);
    const loaded = createInstruments(prometheus, outcomes);
    for (const observe of pending.splice(0)) observe(loaded.observer);
    instruments = loaded;
    return loaded;
  }

  function count(observe: (observer: Instruments['observer']) => void): void {
    if (instruments) {
      observe(instruments.observer);
      return;
    }
    pending.push(observe);
    if (pending.length >= loadAfter) loading ??= load();
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
      blanked: (fields) => count((observer) => observer.blanked(fields)),
      circuit: (upstream, state) => count((observer) => observer.circuit(upstream, state)),
      tokenRenewed: (upstream, renewed) => count((observer) => observer.tokenRenewed(upstream, renewed)),
    },
    async text(state) {
      loading ??= load();
      const { registry, set } = await loading;
      set(state, answers, outcomes.read());
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}
