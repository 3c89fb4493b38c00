import { z } from 'zod';
import { isLoopback } from '../dashboard/local-visit.ts';
import { LARGEST_PUSH_BYTES } from '../http/byte-budget.ts';

const text = (error: string, pattern = /./) => z.string({ error }).regex(pattern, { error });

const whole = (minimum: number, maximum: number) => {
  const error = `a whole number from ${minimum} to ${maximum}`;
  return text(error, /^\d+$/)
    .transform(Number)
    .pipe(z.int({ error }).min(minimum, { error }).max(maximum, { error }));
};

/** An http or https URL. Slashes at its end are removed, so that a path can be appended. */
export const httpUrl = z
  .string({ error: 'an http:// or https:// URL' })
  .refine((value) => /^https?:\/\/[^\s/]/.test(value) && URL.canParse(value), {
    error: 'an http:// or https:// URL',
  })
  .transform((value) => value.replace(/\/+$/, ''));

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const MIN_LENGTH = 16;
const DEFAULT_HOST = '0.0.0.0';

const optionalToken = (description: string) => {
  const error = `at least ${MIN_LENGTH} characters`;
  return text(error).min(MIN_LENGTH, { error }).optional().meta({ secret: true, description });
};

const arns =
  'the ARNs of SNS topics, separated by commas, such as arn:aws:sns:us-east-1:123456789012:customers';
const TOPIC_ARN = /^arn:aws(-cn|-us-gov)?:sns:[a-z]{2}(-[a-z]+)+-\d:\d{12}:[\w-]{1,256}(\.fifo)?$/;

/** A list of ARNs. The region is required, because each region of SNS has its own certificate. */
const topicArns = text(arns)
  .transform((value) => value.split(',').map((part) => part.trim()))
  .transform((parts) => parts.filter((part) => part !== ''))
  .pipe(z.array(z.string().regex(TOPIC_ARN, { error: arns })).min(1, { error: arns }));
const origin = 'an origin without a path, such as https://vpce-1.sns.us-east-1.vpce.amazonaws.com';
const topics = {
  SNS_TOPIC_ARNS: topicArns
    .optional()
    .describe(
      'With `sns`: the topics that may push, separated by commas. With `token` and `none`, optional: the topics whose subscriptions the service confirms automatically.',
    ),
  SNS_ORIGIN: httpUrl
    .refine((value) => URL.canParse(value) && new URL(value).origin === value, { error: origin })
    .optional()
    .describe(
      "The origin of a VPC endpoint, from which certificates are fetched and where subscriptions are confirmed instead of SNS' own host; the URLs in a message are checked nevertheless.",
    ),
};

const service = z.object({
  PORT: whole(0, 65_535).default(8080).describe('The port to listen on.'),
  HOST: text('a host name or address').default(DEFAULT_HOST).describe('The address to listen on.'),
  LOG_LEVEL: z
    .enum(LEVELS, { error: `one of ${LEVELS.join(', ')}` })
    .default('info')
    .describe(`The least important log line to write: ${LEVELS.map((level) => `\`${level}\``).join(', ')}.`),
  CONNECTOR_CONFIG: text('a path')
    .default('config/connector.yml')
    .describe(
      'The file with the accounts and the routing table, relative to the working directory; if it does not exist there, the shipped file.',
    ),
  HANDLERS_DIR: text('folders, separated by commas')
    .transform((value) => value.split(',').map((folder) => folder.trim()))
    .transform((folders) => folders.filter((folder) => folder !== ''))
    .optional()
    .describe(
      'The folders of your own handlers, separated by commas; any paths are allowed. Without it: `handlers` in the working directory, if it exists.',
    ),
  QUEUE_LIMIT: whole(1, 1_000_000)
    .default(1000)
    .describe(
      'The maximum number of events in the queue, waiting or in flight; beyond it a push is answered 503 at once.',
    ),
  QUEUE_BYTES: whole(LARGEST_PUSH_BYTES, 1_000_000_000)
    .default(32_000_000)
    .describe(
      `The maximum total size of the push bodies that are received, waiting or in flight, in bytes; beyond it a push is answered 503 before it is read. The default fits 512 MB of memory; at least ${LARGEST_PUSH_BYTES}, the largest push.`,
    ),
  ACK_DEADLINE_SECONDS: whole(1, 600)
    .default(10)
    .describe(
      "How long the sender waits for an answer, 1 to 600: the push subscription's ack deadline (Pub/Sub allows 10 to 600). A push is answered before that, and a push of EventBridge (5 s), SNS (15 s) or Event Grid (30 s) also before that sender's own time-out.",
    ),
  ACKNOWLEDGE: z
    .enum(['handled', 'received'], { error: 'handled or received' })
    .default('handled')
    .describe(
      'When a push is acknowledged: `handled`, or `received` for senders that cannot wait (needs `DEAD_LETTER_TOPIC`).',
    ),
  DEAD_LETTER_TOPIC: text(
    'the name of a topic, such as dead-letters or projects/my-project/topics/dead-letters',
    /^(projects\/[^/\s]+\/topics\/)?[A-Za-z][\w.~+%-]{2,254}$/,
  )
    .optional()
    .describe('The Pub/Sub topic for events that can never work: `name` or `projects/…/topics/name`.'),
  GOOGLE_CLOUD_PROJECT: text('the id of a Google Cloud project')
    .optional()
    .describe('The Google Cloud project of short topic names, and of the traces in log lines.'),
  PUBSUB_EMULATOR_HOST: text('host:port', /^[^\s/]+:\d+$/)
    .optional()
    .describe(
      "The address of Google's Pub/Sub emulator, `host:port`: dead letters are published to it, without credentials.",
    ),
  COMMERCETOOLS_CONCURRENCY: whole(1, 1000)
    .default(10)
    .describe('The maximum number of concurrent requests to one commercetools project.'),
  FLUENT_CONCURRENCY: whole(1, 1000)
    .default(10)
    .describe('The maximum number of concurrent requests to one Fluent account.'),
  FLUENT_BATCH: whole(1, 100)
    .default(10)
    .describe('The maximum number of customers in one mutation to Fluent.'),
  METRICS: z
    .enum(['on', 'off'], { error: 'on or off' })
    .default('on')
    .describe('Metrics for Prometheus at `GET /metrics`: `on` or `off`.'),
  METRICS_TOKEN: optionalToken(
    `The bearer token that \`GET /metrics\` and \`GET /connector\` require, at least ${MIN_LENGTH} characters; without it they are public.`,
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe(
      'The URL of an OpenTelemetry collector for OTLP over HTTP, such as `http://collector:4318`, which receives a trace of every push. Without it nothing is traced.',
    ),
  NOTIFY_WEBHOOK_URL: httpUrl.optional().meta({
    secret: true,
    description:
      'A webhook that receives notifications as `{"text": …}`, the format of Slack: about readiness, circuits and dead letters, at most one a minute for each reason. Without it none are sent.',
  }),
  NOTIFY_WEBHOOK_SECRET: optionalToken(
    `Signs these notifications: the header \`x-signature-256\` is then \`sha256=\` and the HMAC-SHA256 of the body in hex; at least ${MIN_LENGTH} characters.`,
  ),
  DASHBOARD: z
    .enum(['on', 'off'], { error: 'on or off' })
    .optional()
    .describe(
      'The page at `/` with the state of the sync: `on` or `off`; on unless `NODE_ENV` is `production`.',
    ),
  DASHBOARD_TOKEN: optionalToken(
    `Opens the page from any machine, by its log-in form or by \`?token=\` once; at least ${MIN_LENGTH} characters. Without it the page opens only on the service's own machine.`,
  ),
  NODE_ENV: text('a word, such as production')
    .optional()
    .describe(
      "With `production`, which the Docker image and App Engine set, the page is off unless `DASHBOARD` is `on`, and the log omits the messages of a handler's errors.",
    ),
  DUPLICATE_MEMORY_SECONDS: whole(0, 86_400)
    .default(10)
    .describe(
      "How long a finished version is remembered, so that duplicates cause no upstream calls; it must not exceed the subscription's minimum retry delay. 0 disables it.",
    ),
});

const oidc = z.object({
  PUSH_AUTH: z.literal('oidc').describe('How pushes are authenticated: `oidc`, `token`, `sns` or `none`.'),
  PUSH_AUDIENCE: text('the audience of the push subscription').describe(
    "With `oidc`: the audience of the push subscription's tokens.",
  ),
  PUSH_SERVICE_ACCOUNT: text(
    "the e-mail address of the push subscription's service account",
    /^[^\s@]+@[^\s@]+$/,
  ).describe("With `oidc`: the e-mail address of the push subscription's service account."),
  PUSH_CERTS_URL: httpUrl
    .default('https://www.googleapis.com/oauth2/v1/certs')
    .describe('With `oidc`: the URL of the public keys, in JSON: a JWK Set, or PEM by key id.'),
  PUSH_SIGNATURE: z
    .enum(['service', 'cloud-run'], { error: 'service or cloud-run' })
    .default('service')
    .describe(
      'With `oidc`: what verifies the signature of the token: the `service`, or Cloud Run (`cloud-run`), which removes the signature. Use `cloud-run` only if Cloud Run does not allow unauthenticated calls, because the service then trusts the claims of the token.',
    ),
});

const tokens = `tokens separated by commas, each of at least ${MIN_LENGTH} characters`;

const token = z.object({
  PUSH_AUTH: z.literal('token'),
  PUSH_TOKEN: text(tokens)
    .transform((value) => value.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .pipe(z.array(z.string().min(MIN_LENGTH, { error: tokens })).min(1, { error: tokens }))
    .meta({
      secret: true,
      description: `With \`token\`: the accepted tokens, separated by commas, each of at least ${MIN_LENGTH} characters.`,
    }),
  ...topics,
});

const sns = z.object({ ...topics, PUSH_AUTH: z.literal('sns'), SNS_TOPIC_ARNS: topicArns });
const none = z.object({ ...topics, PUSH_AUTH: z.literal('none') });

// A rule between variables is checked even if another variable is invalid, so that one start reports every fault.
const always = () => true;

/** Type, default, validation and documentation of every variable, except those that the connector file uses. */
export const variables = z.intersection(
  service
    .refine(({ ACKNOWLEDGE, DEAD_LETTER_TOPIC }) => ACKNOWLEDGE !== 'received' || DEAD_LETTER_TOPIC, {
      path: ['DEAD_LETTER_TOPIC'],
      error: 'a topic, because ACKNOWLEDGE is received and failed events must be dead-lettered',
      when: always,
    })
    .refine(
      ({ DASHBOARD, DASHBOARD_TOKEN, HOST }) =>
        DASHBOARD !== 'on' || DASHBOARD_TOKEN || isLoopback(HOST ?? DEFAULT_HOST),
      {
        path: ['DASHBOARD_TOKEN'],
        error: 'a token, because DASHBOARD is on and HOST can be reached from other machines',
        when: always,
      },
    ),
  z.discriminatedUnion('PUSH_AUTH', [oidc, token, sns, none], { error: 'oidc, token, sns or none' }),
);

const { PUSH_AUTH, ...ofOidc } = oidc.shape;

/** The same variables one by one, in the order of the table in `config/README.md`. */
export const documented: Readonly<Record<string, z.ZodType>> = {
  PUSH_AUTH,
  PUSH_TOKEN: token.shape.PUSH_TOKEN,
  ...ofOidc,
  ...topics,
  ...service.shape,
};
