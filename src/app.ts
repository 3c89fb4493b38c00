import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastifyAutoload } from '@fastify/autoload';
import { fastifySensible } from '@fastify/sensible';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Configuration } from '../config/load.ts';
import { openAccount } from './accounts.ts';
import { answerError } from './answer-error.ts';
import { type Authenticate, createAuthenticate } from './authenticate/authenticate.ts';
import { createDeadLetters } from './dead-letter.ts';
import { describeConnector, describeReplacements, describeRoutes } from './describe.ts';
import type { Event } from './event.ts';
import { EventQueue } from './event-queue.ts';
import type { Log } from './log.ts';
import { createProcessPush, type ProcessPush } from './process-push.ts';
import { Readiness } from './readiness.ts';
import { createReceive } from './receive.ts';
import { Redelivery } from './redelivery.ts';
import { createRouter } from './router.ts';
import { traceOf } from './trace.ts';

declare module 'fastify' {
  interface FastifyInstance {
    authenticate: Authenticate;
    processPush: ProcessPush;
    readiness: Readiness;
    /** Says whether this instance should be sent work, and asks the upstreams that refuse it once more. */
    probeReadiness(): readonly string[];
    /** The answer of `GET /connector`: routes, handlers and accounts, without secrets. */
    connector: object;
    /** Takes in no more pushes and waits for those under way, 8 seconds at most. */
    drain(): Promise<void>;
  }
}

const ROOT = join(import.meta.dirname, '..');
const DRAIN_MILLISECONDS = 8_000;
/** Of those, with `ACKNOWLEDGE=received`: what was acknowledged and is not finished has to be parked too. */
const PARK_MILLISECONDS = 3_000;
/** How long a slow request body may outlive its time: Node looks every 30 s unless told otherwise. */
const CHECK_CONNECTIONS_MILLISECONDS = 1_000;
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
    ? createDeadLetters(
        {
          topic: environment.deadLetterTopic,
          projectId: environment.googleCloudProject,
          emulatorHost: environment.pubsubEmulatorHost,
        },
        log,
      )
    : undefined;
  const redelivery =
    environment.acknowledge === 'received' && deadLetters
      ? new Redelivery(queue, deadLetters, environment.queue)
      : undefined;

  const traces = environment.googleCloudProject ? `projects/${environment.googleCloudProject}/traces/` : '';
  const logger: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: environment.ackDeadlineSeconds * 1000,
    http: {
      connectionsCheckingInterval: CHECK_CONNECTIONS_MILLISECONDS,
      // Were it the longer of the two, Node would give its time to the body and the body's to the headers.
      headersTimeout: environment.ackDeadlineSeconds * 1000,
      requestTimeout: environment.ackDeadlineSeconds * 1000,
    },
    childLoggerFactory(parent, _bindings, options, raw) {
      const trace = traceOf(raw.headers);
      return parent.child(
        trace === undefined ? {} : { 'logging.googleapis.com/trace': traces + trace },
        options,
      );
    },
    // A push that is answered late must still be answered while the server closes.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  app.setErrorHandler(answerError);
  await app.register(fastifySensible);
  app.decorate('authenticate', await createAuthenticate(environment.pushAuth));
  app.decorate('readiness', readiness);
  app.decorate('probeReadiness', () => {
    readiness.probe(accounts.flatMap(({ upstreams }) => upstreams));
    return readiness.reasons;
  });
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
      traces,
    }),
  );
  app.decorate('drain', async () => {
    readiness.drain();
    const parked = redelivery?.drain();
    await queue.drain(parked ? DRAIN_MILLISECONDS - PARK_MILLISECONDS : DRAIN_MILLISECONDS);
    await Promise.race([parked, sleep(PARK_MILLISECONDS, undefined, { ref: false })]);
  });
  app.addHook('onClose', async () => {
    await Promise.all(accounts.flatMap(({ upstreams }) => upstreams.map((upstream) => upstream.close())));
    await deadLetters?.close();
  });
  await app.register(fastifyAutoload, { dir: join(ROOT, 'routes'), forceESM: true });
  for (const line of describeReplacements(handlers)) log.warn(line, 'A shipped handler is replaced.');
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
