/** A stand-in for Fluent Commerce: a real HTTP server with Fluent's rules for customers, and with faults. */
import { setTimeout } from 'node:timers/promises';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { type Answer, faultAnswer, json, refused, unauthorised } from './fluent-answers.ts';
import { CustomerStore, type StoredCustomer } from './fluent-customers.ts';
import { Faults, type RequestKind } from './fluent-faults.ts';
import { type LookUpKind, RequestBody, serveGraphql } from './fluent-graphql.ts';
import type { FluentOptions, FluentSandbox } from './fluent-options.ts';
import { documentReader, type Requests, remember, type Writes } from './fluent-records.ts';
import { type FluentCredentials, Tokens } from './fluent-tokens.ts';
import { Replicas } from './replicas.ts';

export type { CustomerInput, StoredAttribute, StoredCustomer, Write } from './fluent-customers.ts';
export type { Fault, Faults, RequestKind } from './fluent-faults.ts';
export type { FluentOptions, FluentSandbox } from './fluent-options.ts';
export type { Requests, SentOperation, Writes } from './fluent-records.ts';
export type { FluentCredentials } from './fluent-tokens.ts';

const LARGEST_REQUEST = 2 * 1024 * 1024;
const LARGEST_READ = 64 * 1024 * 1024;
const A_DAY = 86_400;
const CREDENTIALS = {
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-client-secret',
  username: 'sandbox-user',
  password: 'sandbox-password',
} as const satisfies FluentCredentials;

/** Starts the stand-in on 127.0.0.1. */
export async function startFluent(options: FluentOptions = {}): Promise<FluentSandbox> {
  const { credentials = CREDENTIALS, codeInMessage = false, remembered = 1000 } = options;
  const tokens = new Tokens(credentials, options.tokenLifetimeSeconds ?? A_DAY, options.now ?? Date.now);
  const faults = new Faults(options.random ?? Math.random);
  for (const fault of options.faults ?? []) faults.on(fault);

  const writes: Writes = { created: 0, updated: 0, last: [] };
  const store = new CustomerStore((write) => {
    writes[write.kind === 'create' ? 'created' : 'updated'] += 1;
    remember(writes.last, write, remembered);
  });
  const requests: Requests = {
    token: { requests: 0, operations: 0 },
    query: { requests: 0, operations: 0 },
    mutation: { requests: 0, operations: 0 },
    unauthorised: 0,
    sent: [],
    headers: [],
  };
  const count = (kind: RequestKind, operations: number) => {
    requests[kind].requests += 1;
    requests[kind].operations += operations;
  };

  const copying = {
    copy: () => new Map(store.customers),
    apply: (customers: Map<string, StoredCustomer>, changed: StoredCustomer) =>
      void customers.set(changed.username, changed),
  };
  const replicasOf = (lags: readonly number[] = [], random = options.random ?? Math.random) =>
    new Replicas(lags, copying, random);
  let replicas = { ref: replicasOf(), list: replicasOf() };
  store.onPut = (customer) => {
    for (const one of Object.values(replicas)) one.commit(customer);
  };

  let snapshot: ReadonlyMap<string, StoredCustomer> = store.customers;
  let staleLeft = 0;

  // A request that is too large is read to its end before it is refused. Otherwise a client that still sends would see a reset
  // connection instead of the 413.
  const app = fastify({ forceCloseConnections: true, bodyLimit: LARGEST_READ });
  app.addHook('onRequest', async ({ headers }) => remember(requests.headers, headers, remembered));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, new URLSearchParams(String(body))),
  );
  const parts = {
    store,
    faults,
    codeInMessage,
    visible: (kind: LookUpKind) => (staleLeft > 0 ? snapshot : (replicas[kind].read() ?? store.customers)),
  };
  const { schema, ...served } = await serveGraphql(app, parts, options.schema);
  let { run } = served;

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    kind: RequestKind,
    aliases: readonly string[],
    effect: () => Answer | Promise<Answer>,
  ): Promise<FastifyReply> {
    await faults.passed(kind);
    const fault = faults.replacement(kind);
    const delay = faults.delay(kind);
    const spared = fault === undefined || ('when' in fault && fault.when === 'after-effect');
    const regular = spared ? await effect() : undefined;
    if (delay > 0) await setTimeout(delay, undefined, { ref: false });
    if (fault?.kind === 'hang') return reply.hijack();
    if (fault?.kind === 'reset') {
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    return send(reply, fault === undefined ? regular : faultAnswer(fault, aliases, codeInMessage));
  }

  app.post('/oauth/token', (request, reply) => {
    count('token', 1);
    return answer(request, reply, 'token', [], () => {
      const { body, headers } = request;
      const strange = options.account !== undefined && headers['fluent.account'] !== options.account;
      return strange || !(body instanceof URLSearchParams) ? unauthorised() : tokens.grant(body);
    });
  });

  const read = documentReader();
  const onlyWithToken = async (request: FastifyRequest, reply: FastifyReply) => {
    if (tokens.admit(request.headers.authorization)) return;
    requests.unauthorised += 1;
    const inBody = options.unauthorised === 'graphql';
    return send(reply, inBody ? refused('S0040E', 'Token expired.', codeInMessage) : unauthorised());
  };
  app.post('/graphql', { onRequest: onlyWithToken }, (request, reply) => {
    if (!Buffer.isBuffer(request.body))
      return send(reply, json(415, { error: 'Expected application/json.' }));
    if (request.body.length > LARGEST_REQUEST) return send(reply, json(413, { error: 'Request too large.' }));
    const parsed = RequestBody.safeParse(parseJson(request.body));
    if (!parsed.success) return send(reply, json(400, { error: 'Expected {query, variables}.' }));

    const reading = read(parsed.data.query, parsed.data.operationName ?? undefined);
    const { kind, aliases } = reading;
    count(kind, aliases.length);
    remember(requests.sent, { ...reading, variables: parsed.data.variables ?? {} }, remembered);
    return answer(request, reply, kind, aliases, async () => {
      if (aliases.length > (options.maximumOperations ?? Number.POSITIVE_INFINITY)) {
        return refused('C0001E', `Query too complex: ${aliases.length} operations.`, codeInMessage);
      }
      const answered = run(parsed.data);
      if (kind === 'query' && staleLeft > 0) staleLeft -= 1;
      return answered;
    });
  });

  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    credentials,
    customers: store.customers,
    requests,
    writes,
    faults,
    schema,
    seed: (...customers) => store.seed(customers),
    revokeTokens: () => tokens.revoke(),
    async changeSchema(variant) {
      // An app has only one schema, so each other schema needs an app of its own, which never listens.
      ({ run } = await serveGraphql(fastify(), parts, variant));
    },
    staleLookups(lookups) {
      snapshot = new Map(store.customers);
      staleLeft = lookups;
    },
    replicate({ ref, list }, random) {
      replicas = { ref: replicasOf(ref, random), list: replicasOf(list, random) };
    },
    close: () => app.close(),
  };
}

function send(reply: FastifyReply, answered: Answer | undefined): FastifyReply {
  const { status, headers = {}, body } = answered ?? json(500, { error: 'No answer.' });
  return reply.code(status).headers(headers).send(body);
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
