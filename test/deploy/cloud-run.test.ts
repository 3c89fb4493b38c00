import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { variableNames } from '../../src/configuration/environment.ts';

const SCRIPT = join(import.meta.dirname, '../../config/deploy/cloud-run.sh');
const SECRETS = {
  CTP_CLIENT_SECRET: 'ctp-very-secret',
  FLUENT_CLIENT_SECRET: 'fluent very "secret"',
  FLUENT_PASSWORD: "fluent $pass'word",
};
const SETTINGS = {
  ...SECRETS,
  GOOGLE_CLOUD_PROJECT: 'my-project',
  CTP_PROJECT_KEY: 'shop',
  CTP_CLIENT_ID: 'ctp-id',
  CTP_AUTH_URL: 'https://auth.example.com',
  CTP_API_URL: 'https://api.example.com',
  FLUENT_API_URL: 'https://fluent.example.com',
  FLUENT_CLIENT_ID: 'fluent-id',
  FLUENT_USERNAME: 'fluent, user',
  FLUENT_RETAILER_ID: '1',
};
const READS = / (list|describe|get-iam-policy|access|print-access-token)( |$)/;

type Settings = Readonly<Record<string, string>>;

/** The state of the stand-in after the first run, for the tests of a later run. */
const AFTER_FIRST_RUN = join(t.testdir(), 'after-first-run');

/** Runs the script against the stand-in; `made` lists the requests to create or change something, in order. */
function scene(t: Test) {
  const folder = t.testdir();
  const run = (settings: Settings = SETTINGS, ...args: string[]) => {
    writeFileSync(join(folder, 'log'), '');
    const PATH = [import.meta.dirname, dirname(process.execPath), '/usr/bin', '/bin'].join(':');
    const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, ...args], {
      env: { PATH, FAKE: folder, ...settings },
      encoding: 'utf8',
    });
    const log = readFileSync(join(folder, 'log'), 'utf8').split('\n').filter(Boolean);
    const made = log.filter((line) => !READS.test(` ${line}`) && !line.startsWith('npx'));
    const shown = [stdout, stderr, ...log].join('\n');
    for (const secret of [...Object.values(SECRETS), 'ya29.very-secret'])
      t.notOk(shown.includes(secret), 'no secret is in an argument or in the output');
    return { status, stdout, stderr, log, made };
  };
  return { folder, run };
}

/** Like `scene`, after a first run has created everything. */
function sceneAfterFirstRun(t: Test) {
  const made = scene(t);
  cpSync(AFTER_FIRST_RUN, join(made.folder, 'state'), { recursive: true });
  return made;
}

const verbs = (made: readonly string[]) => made.map((line) => line.split(/ --| projects\//)[0]);
const find = (lines: readonly string[], start: string) => lines.find((line) => line.startsWith(start)) ?? '';

t.test('shellcheck finds nothing', (t) => {
  if (spawnSync('shellcheck', ['--version']).status !== 0) {
    t.pass('shellcheck is not installed');
    return t.end();
  }
  const { stdout } = spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8' });
  t.equal(stdout, '');
  t.end();
});

t.test('a first run creates everything in order, and a second run changes nothing', (t) => {
  const { run, folder } = scene(t);
  const first = run();
  t.equal(first.status, 0, first.stderr);
  cpSync(join(folder, 'state'), AFTER_FIRST_RUN, { recursive: true });
  const at = (start: string) => first.log.findIndex((line) => line.startsWith(start));
  const order = [
    'services enable run.googleapis.com',
    'iam service-accounts create customer-sync',
    'secrets create CTP_CLIENT_SECRET',
    'secrets add-iam-policy-binding CTP_CLIENT_SECRET',
    'artifacts repositories create',
    'builds submit',
    'run deploy customer-sync',
    'run services add-iam-policy-binding customer-sync',
    'npx customer-sync provision',
    'run jobs deploy customer-reconcile',
    'run jobs add-iam-policy-binding customer-reconcile',
    'scheduler jobs create http customer-reconcile',
  ].map(at);
  t.notOk(order.includes(-1), String(order));
  t.strictSame(
    order,
    order.toSorted((a, b) => a - b),
  );

  t.match(find(first.made, 'builds submit'), '--suppress-logs', 'which needs no permission to read the log');
  const deploy = find(first.made, 'run deploy');
  t.match(deploy, '--no-allow-unauthenticated');
  t.match(deploy, ' --cpu-throttling');
  t.match(deploy, 'PUSH_SIGNATURE=cloud-run');
  t.match(deploy, 'FLUENT_USERNAME=fluent, user');
  t.match(deploy, 'CTP_CLIENT_SECRET=CTP_CLIENT_SECRET:1');
  t.notMatch(first.made.join('\n'), 'allUsers');
  const image = /--image=(\S+)/.exec(deploy)?.[1] ?? 'none';
  const job = find(first.made, 'run jobs deploy');
  t.match(job, `--image=${image} `);
  t.match(job, '--max-retries=0');
  t.match(job, ' --args=/opt/customer-sync/src/cli/customer-sync.js,reconcile,--fix');

  const second = run();
  t.equal(second.status, 0, second.stderr);
  t.strictSame(second.made, []);
  t.match(find(second.log, 'npx'), 'provision', 'which prints the differences itself');
  t.end();
});

t.test('a changed setting changes only that', (t) => {
  const { run } = sceneAfterFirstRun(t);
  const cases = [
    { settings: { MAX_INSTANCES: '20' }, expected: ['run deploy customer-sync'] },
    {
      settings: { MAX_INSTANCES: '20', NIGHTLY: '0 4 * * *' },
      expected: ['scheduler jobs update http customer-reconcile'],
    },
  ];
  for (const { settings, expected } of cases)
    t.strictSame(verbs(run({ ...SETTINGS, ...settings }).made), expected);
  t.strictSame(verbs(run(SETTINGS, '--force').made), [
    'run deploy customer-sync',
    'run jobs deploy customer-reconcile',
    'scheduler jobs update http customer-reconcile',
  ]);
  t.end();
});

t.test('a changed secret becomes a new version, which the service and the job use', (t) => {
  const { run } = sceneAfterFirstRun(t);
  const { made } = run({ ...SETTINGS, FLUENT_PASSWORD: 'another' });
  t.strictSame(verbs(made), [
    'secrets versions add FLUENT_PASSWORD',
    'run deploy customer-sync',
    'run jobs deploy customer-reconcile',
  ]);
  t.match(find(made, 'run deploy'), 'FLUENT_PASSWORD=FLUENT_PASSWORD:2');
  t.end();
});

t.test('a public service is made private again', (t) => {
  const { run, folder } = sceneAfterFirstRun(t);
  appendFileSync(join(folder, 'state/policy-customer-sync'), 'roles/run.invoker|allUsers\n');
  t.match(run().made, [/^run services remove-iam-policy-binding customer-sync .+ --member=allUsers$/]);
  t.strictSame(run().made, []);
  t.end();
});

t.test('a revision that did not become ready is deployed again', (t) => {
  const { run } = scene(t);
  t.not(run({ ...SETTINGS, FAKE_UNREADY: '1' }).status, 0);
  t.match(run().made[0], 'run deploy customer-sync');
  t.end();
});

t.test('reports all faults together before any request', (t) => {
  const { run } = scene(t);
  const { CTP_PROJECT_KEY: _, ...without } = SETTINGS;
  const { status, stderr, log } = run({
    ...without,
    REGION: 'mars',
    ACCESS: 'open',
    SETUP_CTP_CLIENT_ID: 'x',
  });
  t.equal(status, 2);
  for (const name of ['CTP_PROJECT_KEY', 'REGION', 'ACCESS', 'SETUP_CTP_CLIENT_SECRET'])
    t.match(stderr, new RegExp(`^  ${name}: expected .+ found`, 'm'));
  t.strictSame(log, []);
  t.end();
});

t.test('--dry-run prints what it would do, and does nothing', (t) => {
  const { run } = scene(t);
  const { status, stdout, stderr, made, log } = run(SETTINGS, '--dry-run');
  t.equal(status, 0, stderr);
  t.strictSame(made, []);
  t.match(stdout, 'would deploy  service customer-sync');
  t.match(find(log, 'npx'), '--dry-run');
  t.end();
});

t.test('reads a file of settings; the environment takes precedence', (t) => {
  const { run, folder } = scene(t);
  const file = join(folder, 'settings.env');
  const lines = Object.entries(SECRETS).map(([name, value]) => `${name}=\`${value}\``);
  writeFileSync(file, [...lines, 'MAX_INSTANCES=3', 'MIN_INSTANCES=2'].join('\n'));
  const settings = Object.fromEntries(Object.entries(SETTINGS).filter(([name]) => !(name in SECRETS)));
  const { status, stderr, made } = run({ ...settings, MAX_INSTANCES: '7' }, '--env-file', file);
  t.equal(status, 0, stderr);
  t.match(find(made, 'run deploy'), '--min-instances=2 --max-instances=7');
  t.equal(readFileSync(join(folder, 'state/secret-FLUENT_PASSWORD-1'), 'utf8'), SECRETS.FLUENT_PASSWORD);
  t.end();
});

t.test('a path in the repository is passed as the path in the image', (t) => {
  const { run } = scene(t);
  const paths = { CONNECTOR_CONFIG: 'config/mine.yml', HANDLERS_DIR: 'handlers, /mnt/more' };
  const deploy = find(run({ ...SETTINGS, ...paths }).made, 'run deploy');
  t.match(deploy, 'CONNECTOR_CONFIG=/opt/customer-sync/config/mine.yml|;|');
  t.match(deploy, 'HANDLERS_DIR=/opt/customer-sync/handlers, /mnt/more|;|');
  const image = { IMAGE: 'registry.example.com/mine:1' };
  t.match(
    find(run({ ...SETTINGS, ...paths, ...image }).made, 'run deploy'),
    'CONNECTOR_CONFIG=config/mine.yml|;|',
  );
  t.end();
});

t.test('the CPU stays allocated if events are acknowledged early, and the sidecar reads the metrics', (t) => {
  const { run } = scene(t);
  t.match(find(run({ ...SETTINGS, ACKNOWLEDGE: 'received' }).made, 'run deploy'), ' --no-cpu-throttling');
  const { made } = run({ ...SETTINGS, METRICS_SIDECAR: 'on' });
  t.match(find(made, 'projects add-iam-policy-binding'), 'roles/monitoring.metricWriter');
  t.match(find(made, 'run deploy'), /--container=customer-sync --port=8080 .+ --container=collector /);
  t.end();
});

t.test('the script has every variable that a service on Cloud Run can have', (t) => {
  const text = readFileSync(SCRIPT, 'utf8');
  // Variables of other ways of authentication, and those that Cloud Run or the image set.
  const others = [
    'PUSH_TOKEN',
    'SNS_TOPIC_ARNS',
    'SNS_ORIGIN',
    'PORT',
    'HOST',
    'PUBSUB_EMULATOR_HOST',
    'NODE_ENV',
  ];
  for (const name of variableNames.filter((name) => !others.includes(name)))
    t.match(text, new RegExp(`\\b${name}\\b`));
  t.end();
});
