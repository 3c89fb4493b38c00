import { join } from 'node:path';
import { fastifyAutoload } from '@fastify/autoload';
import { fastifySensible } from '@fastify/sensible';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Configuration } from './configuration/load.ts';
import { type Dashboard, openDashboard } from './dashboard/dashboard.ts';
import { Recorder } from './dashboard/recorder.ts';
import { createDeadLetters } from './dead-letters/publish.ts';
import { openEngine } from './engine/engine.ts';
import { ByteBudget } from './http/byte-budget.ts';
import { answerError } from './http/error-handler.ts';
import { RefusalLog } from './http/refusal-log.ts';
import { httpOptions, limitRequests } from './http/server.ts';
import { shareFor } from './http/share-for.ts';
import { type Log, TRACE_FIELD, traceOf } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { combine, type Observer, SILENT } from './observe/observer.ts';
import { PendingEvents } from './observe/pending-events.ts';
import { Readiness } from './observe/readiness.ts';
import { stateOf } from './observe/state.ts';
import type { Undone } from './process/shut-down.ts';
import { InProcessRetry } from './push/in-process-retry.ts';
import type { PushDependencies } from './push/process-push.ts';
import { describeConnector, describeReplacements, describeRoutes } from './router/describe.ts';
import { requireReader } from './senders/authenticate/reader.ts';
import type { Sender } from './senders/sender.ts';
import { createSenders } from './senders/senders.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** What processing a push needs. */
    push: PushDependencies;
    /** The budget for the bodies of concurrent pushes. */
    byteBudget: ByteBudget;
    refusals: RefusalLog;
    observer: Observer | undefined;
    /** The metrics in Prometheus' text format, a second old at most; undefined if they are off. */
    readMetrics: (() => Promise<{ readonly type: string; readonly body: Buffer }>) | undefined;
    /** Requires the token of `METRICS_TOKEN`, if it is set. */
    requireReader: ReturnType<typeof requireReader>;
    readiness: Readiness;
    /** Returns why this instance is not ready, and probes the upstreams that refused it. */
    probeReadiness(): readonly string[];
    /** The answer of `GET /connector`: routes, handlers and accounts, without secrets. */
    connector: object;
    /** The page, where it is on. */
    dashboard: Dashboard | undefined;
    /** How many events are waiting or in flight. */
    pendingEvents(): number;
    /** Accepts no more pushes, and waits for those in flight, 8 seconds at most. */
    drain(): Promise<Undone>;
    /** Ends that wait. */
    abandon(): Undone;
  }
}

const ROOT = join(import.meta.dirname, '..');
const DRAIN_MILLISECONDS = 8_000;
/**
 * The part of it for work in flight with `ACKNOWLEDGE=received`; in the rest dead letters are published for unfinished events.
 */
const WORK_MILLISECONDS = 3_000;
/** Readers of the metrics within this time share one text. */
const METRICS_MILLISECONDS = 1_000;

/** Builds the service, ready to listen; `senders` are those of your own. */
export async function buildApp(
  configuration: Configuration,
  log: Log,
  senders: readonly Sender[] = [],
): Promise<FastifyInstance> {
  const { environment, handlers, routes } = configuration;
  const notifier =
    environment.notifyWebhook &&
    (await import('./notify/notifier.ts')).openNotifier({ ...environment.notifyWebhook, log });
  const readiness = new Readiness(undefined, notifier?.readiness);
  const recorder = environment.dashboard.on ? new Recorder() : undefined;
  const metrics = environment.metrics.on ? createMetrics() : undefined;
  const observer = combine(combine(metrics?.observer, recorder), notifier && { ...SILENT, ...notifier });
  const engine = openEngine(
    configuration,
    log,
    {
      onCredentials: (upstream, accepted) => readiness.credentials(upstream, accepted),
      onSchema: (upstream, mismatch) => readiness.schema(upstream, mismatch),
    },
    observer,
  );
  const { accounts, queue } = engine;
  const deadLetters = environment.deadLetterTopic
    ? createDeadLetters(
        {
          topic: environment.deadLetterTopic,
          projectId: environment.googleCloudProject,
          emulatorHost: environment.pubsubEmulatorHost,
        },
        log,
      )
    : undefined;
  const pending = new PendingEvents();
  const inProcessRetry =
    environment.acknowledge === 'received' && deadLetters
      ? new InProcessRetry(queue, deadLetters, { ...environment.queue, log })
      : undefined;

  const traces = environment.googleCloudProject ? `projects/${environment.googleCloudProject}/traces/` : '';
  // The SDK takes 100 ms to load.
  const tracing = environment.traceEndpoint
    ? (await import('./observe/open-telemetry.ts')).openTelemetry(environment.traceEndpoint)
    : undefined;
  const logger: FastifyBaseLogger = log;
  const limits = { ackDeadlineSeconds: environment.ackDeadlineSeconds, queueLimit: environment.queue.limit };
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    ...httpOptions(limits),
    childLoggerFactory(parent, _bindings, options, raw) {
      const trace = traceOf(raw.headers);
      return trace === undefined ? parent : parent.child({ [TRACE_FIELD]: traces + trace }, options);
    },
    // A push that is answered late must still be answered while the server closes.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.setErrorHandler(answerError);
  limitRequests(app, limits);
  // Its helpers set the cache headers of the page.
  await app.register(fastifySensible);
  const refusals = new RefusalLog(log);
  app.decorate('refusals', refusals);
  app.decorate('byteBudget', new ByteBudget(environment.queue.bytes));
  app.decorate('readiness', readiness);
  app.decorate('probeReadiness', () => {
    readiness.probe(accounts.flatMap(({ upstreams }) => upstreams));
    for (const { fluent } of accounts) fluent.schema.probe();
    return readiness.reasons;
  });
  app.decorate('observer', observer);
  app.decorate('requireReader', requireReader(environment.metrics.token));
  app.decorate(
    'readMetrics',
    metrics &&
      shareFor(METRICS_MILLISECONDS, async () => {
        const state = stateOf(engine, environment.queue, pending, readiness.reasons.length === 0);
        const { type, body } = await metrics.text(state);
        return { type, body: Buffer.from(body) };
      }),
  );
  app.decorate(
    'connector',
    describeConnector(
      routes,
      handlers,
      accounts.map(({ account }) => account),
    ),
  );
  app.decorate(
    'dashboard',
    recorder &&
      openDashboard({
        recorder,
        token: environment.dashboard.token,
        routes,
        accounts,
        queue,
        queueLimit: environment.queue.limit,
        pending,
        readiness,
        deadLetters: deadLetters !== undefined,
      }),
  );
  app.decorate('push', {
    senders: await createSenders(environment, log, senders),
    readiness,
    engine,
    deadLetters,
    inProcessRetry,
    answerMilliseconds: engine.deadlines.answer,
    refusals,
    pending,
    log,
    observer,
    tracing,
    traces,
  });
  app.decorate('pendingEvents', () => queue.size);
  app.decorate('drain', async () => {
    readiness.drain();
    const unhandled = inProcessRetry?.drain(DRAIN_MILLISECONDS);
    const unfinished = await queue.drain(unhandled ? WORK_MILLISECONDS : DRAIN_MILLISECONDS);
    return unhandled
      ? { redelivered: 0, ...(await unhandled) }
      : { redelivered: unfinished, deadLettered: 0, lost: 0 };
  });
  app.decorate('abandon', () =>
    inProcessRetry
      ? { redelivered: 0, ...inProcessRetry.abandon() }
      : { redelivered: queue.size, deadLettered: 0, lost: 0 },
  );
  app.addHook('onClose', async () => {
    refusals.close();
    await engine.close();
    await deadLetters?.close();
    await tracing?.close();
    await notifier?.close();
  });
  await app.register(fastifyAutoload, { dir: join(ROOT, 'routes'), forceESM: true });
  for (const { where, expected, found, advice } of configuration.warnings)
    log.warn({ where, expected, found, advice }, 'The configuration probably has a mistake.');
  for (const line of describeReplacements(handlers)) log.warn(line, 'A shipped handler is replaced.');
  for (const line of describeRoutes(routes)) log.info(line, 'route');
  return app;
}
