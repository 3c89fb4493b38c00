import t from 'tap';
import { readOptions } from './options.ts';
import { passed, table } from './report.ts';
import { runChaos } from './run.ts';

// A short run with the test's own pusher, which needs no installation; `npm run chaos` does a full run.
const SHORT = [
  '--instances',
  '2',
  '--customers',
  '100',
  '--changes',
  '100',
  '--minutes',
  '0.08',
  '--pusher',
  'own',
];

const CONFIGURATIONS = [
  ['--config', 'fixed'],
  ['--username', 'key', '--on-delete', 'anonymise', '--projects', '2', '--accounts', '1'],
];

// A run takes long because it waits: between two deliveries, for a drain, and for the runs after it.
t.jobs = CONFIGURATIONS.length;

for (const configuration of CONFIGURATIONS)
  t.test(`keeps its promises under faults, kills and drains: ${configuration.join(' ')}`, async (t) => {
    const options = readOptions([...SHORT, ...configuration], Math.floor(Math.random() * 1e9));
    const report = await runChaos(options, (line) => t.comment(line));
    t.comment(table(report));
    t.ok(passed(report), `with seed ${options.seed}`);
    const { lost, stale, wrong, overwritten, left, logLeaks, misbehaved } = report;
    t.same([lost, stale, wrong, overwritten, left, logLeaks, misbehaved], [0, 0, 0, 0, 0, [], []]);
    t.ok(report.kills + report.drains > 0);
    t.ok(report.redeliveries > 0);
    t.ok(report.deadLetters > 0);
    t.ok(report.logCharacters > 10_000, 'there was a log to scan');
    // The promise requires this delay: an earlier redelivery may meet a memory that is older than a crash.
    t.ok(report.shortestFromDeliverySeconds >= 2.99);
    // On a slow machine a response may come after the ack deadline; the proxy then delays a redelivery that comes too early.
    t.ok(report.shortestRedeliverySeconds >= 2.99);
  });

t.test('options', async (t) => {
  t.match(readOptions([], 7), { instances: 3, customers: 300, changes: 3000, seed: 7, pusher: 'any' });
  t.match(readOptions(['--seed', '9', '--json'], 7), { seed: 9, json: true });
  const drawn = readOptions([], 7).configuration;
  t.same(readOptions([], 7).configuration, drawn, 'the same seed draws the same');
  t.match(readOptions(['--username', 'key'], 7).configuration, { username: 'key', queryLag: drawn.queryLag });
  t.match(readOptions(['--config', 'fixed'], 7).configuration, { username: 'id', collisions: false });
  for (const [args, message] of [
    [['--username', 'name'], /Expected username to be one of id, key/],
    [['--username', 'email', '--on-delete', 'anonymise'], /Expected --on-delete ignore/],
    [['--projects', '1', '--accounts', '2'], /no more --accounts/],
    [['--config', 'x'], 'Expected --config to be drawn or fixed, got x.'],
    [['--instances', '0'], 'Expected --instances to be a whole number of at least 1, got 0.'],
    [['--minutes', 'x'], 'Expected --minutes to be a number above 0, got x.'],
    [
      ['--pusher', 'me'],
      /Expected --pusher to be one of own, emulator, any, eventbridge, sns, event-grid, got me/,
    ],
    [['--nothing'], /Unknown option/],
  ] as const)
    t.throws(() => readOptions(args, 7), { message });
});
