import t from 'tap';
import { variableNames } from '../../src/configuration/environment.ts';
import { formatFaults } from '../../src/configuration/faults.ts';
import { loadConfiguration } from '../../src/configuration/load.ts';
import { misspeltVariables } from '../../src/configuration/misspelt-variables.ts';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { environmentFor, startService } from '../sandbox/service.ts';

const NOWHERE = { url: 'http://127.0.0.1:9', credentials: { clientId: 'a', clientSecret: 'b' } };
const ENV = environmentFor(
  { ...NOWHERE, projectKey: 'p' },
  { url: NOWHERE.url, credentials: { clientId: 'a', clientSecret: 'b', username: 'c', password: 'd' } },
);
const OURS = [...variableNames, ...Object.keys(ENV), 'CTP_SCOPES'];

const MISSPELT = [
  { name: 'DEAD_LETTER_TOPICS', advice: 'Did you mean DEAD_LETTER_TOPIC?' },
  { name: 'DEADLETTER_TOPIC', advice: 'Did you mean DEAD_LETTER_TOPIC?' },
  { name: 'QUEUE_CONCURENCY', advice: 'Did you mean FLUENT_CONCURRENCY?' },
  { name: 'QUEUE_SIZE', advice: 'Did you mean QUEUE_LIMIT?' },
  { name: 'PUSH_AUDIANCE', advice: 'Did you mean PUSH_AUDIENCE?' },
  { name: 'METRIC', advice: 'Did you mean METRICS?' },
  { name: 'DASHBORD', advice: 'Did you mean DASHBOARD?' },
  { name: 'FLUENT_PASSWRD', advice: 'Did you mean FLUENT_PASSWORD?' },
  { name: 'NODE_ENVV', advice: 'Did you mean NODE_ENV?' },
  {
    name: 'QUEUE_SOMETHING_ELSE_ALTOGETHER',
    advice: 'The variables with this prefix are QUEUE_LIMIT, QUEUE_BYTES.',
  },
];

const unrelated = [
  'PATH',
  'HOME',
  'POST',
  'SORT',
  'HOSTNAME',
  'PORTS',
  'NODE_OPTIONS',
  'NODE_VERSION',
  'npm_config_cache',
  'LOG_FORMAT',
  'OTEL_SERVICE_NAME',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'PUBSUB_PROJECT_ID',
  'K_SERVICE',
  'FLUENT_HOME',
  'CTP_REGION',
  'QUEUE_SERVICE_HOST',
  'QUEUE_PORT',
  'QUEUE_PORT_80_TCP_ADDR',
  'METRICS_SERVICE_PORT_HTTP',
];

for (const { name, advice } of MISSPELT)
  t.test(`reports ${name}`, async (t) => {
    t.strictSame(misspeltVariables({ ...ENV, [name]: 'private' }, OURS), [
      {
        where: `environment ${name}`,
        expected: 'a variable that this service or the connector file reads',
        found: 'one that nothing reads',
        advice,
      },
    ]);
  });

t.test('ignores other variables', async (t) => {
  for (const name of unrelated) t.strictSame(misspeltVariables({ [name]: 'x' }, OURS), [], name);
  t.strictSame(misspeltVariables({ QUEUE_SIZE: '' }, OURS), [], 'blank is not set');
  for (const name of OURS) t.strictSame(misspeltVariables({ [name]: 'x' }, OURS), [], name);
});

t.test('the start logs a warning, without the value', async (t) => {
  const service = await startService({ ...ENV, DEAD_LETTER_TOPICS: 'projects/private/topics/x' });
  t.teardown(() => service.close());
  const [line, ...more] = service.lines.filter(({ where }) => String(where).startsWith('environment'));
  t.strictSame(more, []);
  t.match(line, {
    severity: 'WARNING',
    message: 'The configuration probably has a mistake.',
    where: 'environment DEAD_LETTER_TOPICS',
    found: 'one that nothing reads',
    advice: 'Did you mean DEAD_LETTER_TOPIC?',
  });
  t.notMatch(JSON.stringify(service.lines), /private/);
});

t.test('a failed start reports it with the faults', async (t) => {
  const env = { ...ENV, ACKNOWLEDGE: 'received', DEAD_LETTER_TOPICS: 'private' };
  const error = await loadConfiguration(env).catch((error: unknown) => error);
  if (!(error instanceof ConfigurationError)) throw new Error('Expected a ConfigurationError.');
  const text = formatFaults(error.faults);
  t.match(text, /environment DEAD_LETTER_TOPIC\n.*ACKNOWLEDGE is received/);
  t.match(text, /environment DEAD_LETTER_TOPICS\n.*\n.*\n.*Did you mean DEAD_LETTER_TOPIC\?/);
  t.notMatch(text, /private/);
});
