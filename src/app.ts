import { join } from 'node:path';
import { fastifyAutoload } from '@fastify/autoload';
import { fastifySensible } from '@fastify/sensible';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Configuration } from '../config/load.ts';
import { openAccount } from './accounts.ts';
import { type Authenticate, createAuthenticate } from './authenticate/authenticate.ts';
import { createDeadLetters } from './dead-letter.ts';
import { describeConnector, describeRoutes } from './describe.ts';
import type { Event } from './event.ts';
import { EventQueue } from './event-queue.ts';
import type { Log } from './log.ts';
import { createProcessPush, type ProcessPush } from './process-push.ts';
import { Readiness } from './readiness.ts';
import { createReceive } from './receive.ts';
import { Redelivery } from './redelivery.ts';
import { createRouter } from './router.ts';

declare module 'fastify' {
  interface FastifyInstance {
    authenticate: Authenticate;
    processPush: ProcessPush;
    readiness: Readiness;
    /** The answer of `GET /connector`: routes, handlers and accounts, without secrets. */
    connector: object;
    /** Takes in no more pushes and waits for those under way, 8 seconds at most. */
    drain(): Promise<void>;
  }
}

const ROOT = join(import.meta.dirname, '..');
const DRAIN_MILLISECONDS = 8_000;
/** A message of 10 MB, in base64, with its envelope. */
const BODY_LIMIT = 15 * 1024 * 1024;

/** Builds the service, ready to listen. */
export async function buildApp(
  { environment, connector, handlers, routes }: Configuration,
  log: Log,
): Promise<FastifyInstance> {
  const deadline = deadlineOf(environment.ackDeadlineSeconds);
  const readiness = new Readiness();
  const accounts = connector.accounts.map((account) =>
    openAccount(account, {
      ...environment,
      requestMilliseconds: deadline.request,
      budgetMilliseconds: deadline.answer,
      log,
      onCredentials: (upstream, accepted) => readiness.credentials(upstream, accepted),
    }),
  );
  const byProject = new Map(accounts.map((account) => [account.account.projectKey, account]));
  const onlyAccount = accounts.length === 1 ? accounts[0] : undefined;
  const queue = new EventQueue<Event>({ ...environment.queue, longestWaitMilliseconds: deadline.answer });
  const deadLetters = environment.deadLetterTopic
    ? createDeadLetters(environment.deadLetterTopic, log)
    : undefined;
  const redelivery =
    environment.acknowledge === 'received' && deadLetters
      ? new Redelivery(queue, deadLetters, environment.queue.limit)
      : undefined;

  const logger: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: environment.ackDeadlineSeconds * 1000,
    // A push that is answered late must still be answered while the server closes.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  await app.register(fastifySensible);
  app.decorate('authenticate', await createAuthenticate(environment.pushAuth));
  app.decorate('readiness', readiness);
  app.decorate('connector', describeConnector(routes, handlers, accounts));
  app.decorate(
    'processPush',
    createProcessPush({
      receive: createReceive({
        route: createRouter(routes),
        accountOf: (projectKey) => (projectKey === undefined ? onlyAccount : byProject.get(projectKey)),
        runMilliseconds: deadline.run,
        log,
      }),
      queue,
      deadLetters,
      redelivery,
      deadlineMilliseconds: deadline.answer,
      log,
      traces: environment.googleCloudProject ? `projects/${environment.googleCloudProject}/traces/` : '',
    }),
  );
  app.decorate('drain', async () => {
    readiness.drain();
    const kept = redelivery?.drain();
    await queue.drain(DRAIN_MILLISECONDS);
    await kept;
  });
  app.addHook('onClose', async () => {
    await Promise.all(accounts.flatMap(({ upstreams }) => upstreams.map((upstream) => upstream.close())));
    await deadLetters?.close();
  });
  await app.register(fastifyAutoload, { dir: join(ROOT, 'routes'), forceESM: true });
  for (const line of describeRoutes(routes)) log.info(line, 'route');
  return app;
}

/** Milliseconds for each bound, from the ack deadline. */
function deadlineOf(ackDeadlineSeconds: number) {
  const whole = ackDeadlineSeconds * 1000;
  const answer = whole - Math.min(1_000, whole / 10);
  return {
    /** From a push's arrival to its answer. */
    answer,
    /** A run goes on after its push was answered, so that the redelivery finds it done; no longer than this. */
    run: whole,
    /** One upstream request, its body included: two fit before the answer. */
    request: Math.min(15_000, answer / 2),
  };
}
