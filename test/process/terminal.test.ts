import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startDeadLetterTopic } from '../chaos/dead-letter-topic.ts';
import { changeOf, startUpstreams } from '../sandbox/connected.ts';
import { sendPush } from '../sandbox/push.ts';
import { START } from '../sandbox/start-command.ts';
import { until } from '../sandbox/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const CTRL_C = '\x03';

/** `script` of util-linux runs a command on a new terminal; on other systems it has other options. */
function hasTerminals(): boolean {
  try {
    return /util-linux/.test(execFileSync('script', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

/** Starts the service on a terminal; `type` simulates the keyboard. */
async function startOnTerminal(t: Test, env: Readonly<Record<string, string>>) {
  // By default a terminal discards pending output at a second Ctrl-C.
  const command = ['stty', 'noflsh', '&&', 'exec', process.execPath, ...START].join(' ');
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  // Input after the end is ignored.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(() => child.exitCode);
  t.teardown(() => {
    child.kill('SIGKILL');
    return ended;
  });
  const shows = (text: string) => until(() => screen.includes(text));
  if (!(await shows('listening at'))) throw new Error(`Expected the service to listen: ${screen}`);
  return {
    url: /listening at (http:\/\/[^"]+)/.exec(screen)?.[1] ?? '',
    type: (keys: string) => child.stdin.write(keys),
    shows,
    screen: () => screen,
    ended,
  };
}

const options = hasTerminals() ? {} : { skip: 'needs `script` of util-linux' };

t.test('on a terminal', options, async (t) => {
  await t.test('a second Ctrl-C ends the drain, and logs the number of unfinished events', async (t) => {
    const upstreams = await startUpstreams(t);
    const service = await startOnTerminal(t, { ...upstreams.env, ACK_DEADLINE_SECONDS: '60' });
    upstreams.fluent.faults.on({ kind: 'hang', only: 'mutation' });
    const [customer] = upstreams.commercetools.seed(1);
    if (!customer) throw new Error('Expected a customer.');
    const push = sendPush(`${service.url}/push`, changeOf(customer)).catch(() => undefined);
    t.ok(await until(() => upstreams.fluent.requests.mutation.requests === 1));
    service.type(CTRL_C);
    t.ok(await service.shows('Shutting down'));
    // The terminal and npm may both send the first Ctrl-C, so a signal counts as a second Ctrl-C only after a while.
    await until(() => {
      service.type(CTRL_C);
      return service.screen().includes('Ended by a second Ctrl-C');
    });
    t.equal(await service.ended, 130);
    t.match(service.screen(), /Ended by a second Ctrl-C\. Events not finished: 1 delivered again/);
    t.notMatch(service.screen(), /Everything in flight/);
    t.equal(await push, undefined, 'which sees no acknowledgement');
  });

  await t.test('acknowledged events are named, at any time of the drain', async (t) => {
    const topic = await startDeadLetterTopic();
    t.teardown(() => topic.close());
    topic.hang();
    const upstreams = await startUpstreams(t);
    const service = await startOnTerminal(t, {
      ...upstreams.env,
      ACKNOWLEDGE: 'received',
      DEAD_LETTER_TOPIC: 'projects/sandbox/topics/dead-letters',
      PUBSUB_EMULATOR_HOST: topic.host,
    });
    upstreams.fluent.faults.on({ kind: 'hang', only: 'mutation' });
    const customers = upstreams.commercetools.seed(5);
    for (const customer of customers)
      t.equal((await sendPush(`${service.url}/push`, changeOf(customer))).status, 204);
    service.type(CTRL_C);
    // By now they have left the queue, and are being published as dead letters.
    t.ok(await until(() => topic.requests >= 5));
    service.type(CTRL_C);
    t.equal(await service.ended, 130);
    const lines = service.screen().split('\n');
    for (const { id } of customers) {
      const named = lines.filter(
        (line) => line.includes(`"event":"customer/${id}@1"`) && /is lost/.test(line),
      );
      t.equal(named.length, 1, id);
      t.match(named[0], /"severity":"ERROR"/);
    }
  });
});
