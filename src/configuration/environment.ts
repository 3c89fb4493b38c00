import type { z } from 'zod';
import type { PushAuth } from '../senders/authenticate/authenticate.ts';
import type { SnsTopics } from '../senders/sns/verify.ts';
import { describeFound, type Fault } from './faults.ts';
import { documented, variables } from './variables.ts';

export type { PushAuth } from '../senders/authenticate/authenticate.ts';
export { type Fault, formatFaults } from './faults.ts';

/** Whether the page or the metrics are enabled, and the token that they require. */
export interface Access {
  readonly on: boolean;
  readonly token?: string;
}

/** The environment, read once at the start. Times are in seconds. */
export type Environment = ReturnType<typeof toEnvironment>;

/** The variables that the service reads itself. */
export const variableNames: readonly string[] = Object.keys(documented);

/** Reads and checks every variable. Empty means not set; all faults are reported together, without secrets. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): { environment: Environment } | { faults: Fault[] } {
  const values = Object.fromEntries(
    variableNames.flatMap((name) => {
      // A secret mounted from a file often ends in a line break.
      const value = env[name]?.trim();
      return value ? [[name, value]] : [];
    }),
  );
  const result = variables.safeParse(values, { reportInput: true });
  if (result.success) return { environment: toEnvironment(result.data) };
  return { faults: result.error.issues.map((issue) => toFault(issue, values)) };
}

function toFault(issue: z.core.$ZodIssue, values: Readonly<Record<string, string>>): Fault {
  const name = String(issue.path[0]);
  const secret = documented[name]?.meta()?.['secret'] === true;
  const found = typeof issue.input === 'string' ? issue.input : values[name];
  const fault = {
    where: `environment ${name}`,
    expected: issue.message,
    found: found === undefined ? unset(name) : describeFound(found, secret),
  };
  const description = documented[name]?.description;
  return description === undefined ? fault : { ...fault, advice: description };
}

function toEnvironment(values: z.output<typeof variables>) {
  const topic = values.DEAD_LETTER_TOPIC;
  return {
    port: values.PORT,
    host: values.HOST,
    logLevel: values.LOG_LEVEL,
    /** False in production, because the message of an error may be personal data. */
    errorMessages: values.NODE_ENV !== 'production',
    connectorConfig: values.CONNECTOR_CONFIG,
    handlerFolders: values.HANDLERS_DIR ?? [],
    pushAuth: toPushAuth(values),
    ...toSns(values),
    queue: { limit: values.QUEUE_LIMIT, bytes: values.QUEUE_BYTES },
    ackDeadlineSeconds: values.ACK_DEADLINE_SECONDS,
    acknowledge: values.ACKNOWLEDGE,
    ...(topic === undefined ? {} : { deadLetterTopic: topic }),
    ...(values.GOOGLE_CLOUD_PROJECT === undefined ? {} : { googleCloudProject: values.GOOGLE_CLOUD_PROJECT }),
    ...(values.PUBSUB_EMULATOR_HOST === undefined ? {} : { pubsubEmulatorHost: values.PUBSUB_EMULATOR_HOST }),
    commercetoolsConcurrency: values.COMMERCETOOLS_CONCURRENCY,
    fluentConcurrency: values.FLUENT_CONCURRENCY,
    fluentBatch: values.FLUENT_BATCH,
    // The token guards `GET /connector` too, which is there without the metrics.
    metrics: { on: values.METRICS === 'on', ...(values.METRICS_TOKEN && { token: values.METRICS_TOKEN }) },
    ...(values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
      ? {}
      : { traceEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT }),
    dashboard: access(
      values.DASHBOARD === undefined ? values.NODE_ENV !== 'production' : values.DASHBOARD === 'on',
      values.DASHBOARD_TOKEN,
    ),
    ...(values.NOTIFY_WEBHOOK_URL === undefined
      ? {}
      : { notifyWebhook: { url: values.NOTIFY_WEBHOOK_URL, secret: values.NOTIFY_WEBHOOK_SECRET } }),
    duplicateMemorySeconds: values.DUPLICATE_MEMORY_SECONDS,
  } as const;
}

function access(on: boolean, token: string | undefined): Access {
  return { on, ...(on && token !== undefined && { token }) };
}

function toPushAuth(values: z.output<typeof variables>): PushAuth {
  switch (values.PUSH_AUTH) {
    case 'oidc':
      return {
        kind: 'oidc',
        audience: values.PUSH_AUDIENCE,
        serviceAccount: values.PUSH_SERVICE_ACCOUNT,
        certsUrl: values.PUSH_CERTS_URL,
        signature: values.PUSH_SIGNATURE,
      };
    case 'token':
      return { kind: 'token', tokens: values.PUSH_TOKEN };
    case 'sns':
      return { kind: 'sns' };
    case 'none':
      return { kind: 'none' };
  }
}

function toSns(values: z.output<typeof variables>): { sns?: SnsTopics } {
  if (values.PUSH_AUTH === 'oidc' || values.SNS_TOPIC_ARNS === undefined) return {};
  const { SNS_TOPIC_ARNS: topicArns, SNS_ORIGIN: origin } = values;
  return { sns: { topicArns, ...(origin !== undefined && { origin }) } };
}

/** The table of variables in `config/README.md`, in Markdown: name, default, meaning. */
export function variableTable(): string {
  const rows = Object.entries(documented).map(([name, schema]) => {
    const meaning = schema.description ?? '';
    return `| \`${name}\` | ${defaultOf(schema)} | ${meaning.replaceAll('|', '\\|')} |`;
  });
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

/**
 * Creates `.env.example`: the variables of the connector file, then each variable of the service with its meaning. Required
 * variables are empty; variables with a default are in a comment.
 */
export function environmentExample(connectorText: string): string {
  const named = [...connectorText.replaceAll(/^\s*#.*$/gm, '').matchAll(/\$\{([A-Z][A-Z0-9_]*)(:-)?/g)].map(
    ([, name = '', optional]) => `${optional ? '# ' : ''}${name}=`,
  );
  const blocks = Object.entries(documented).map(([name, schema]) => {
    const result = schema.safeParse(undefined);
    const value = result.success && result.data !== undefined ? String(result.data) : '';
    return `# ${schema.description ?? ''}\n${name === 'PUSH_AUTH' ? '' : '# '}${name}=${value}`;
  });
  const head = '# Copy to .env, fill in, and start with it: npx customer-sync --env-file .env start';
  return `${[head, `# For config/connector.yml as shipped:\n${[...new Set(named)].join('\n')}`, ...blocks].join('\n\n')}\n`;
}

function unset(name: string): string {
  const schema = documented[name];
  const result = schema?.safeParse(undefined);
  return result?.success && result.data !== undefined ? `${String(result.data)} (the default)` : 'nothing';
}

function defaultOf(schema: z.ZodType): string {
  const result = schema.safeParse(undefined);
  if (!result.success) return 'required';
  return result.data === undefined ? 'none' : `\`${String(result.data)}\``;
}
