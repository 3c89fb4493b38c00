import t from 'tap';
import { startUpstreams } from '../sandbox/connected.ts';
import { TOPIC_ARN } from '../sandbox/sns.ts';
import { runCommand } from './command.ts';

t.test('without Pub/Sub, dead-letters prints where the dead letters are', async (t) => {
  const { env } = await startUpstreams(t);
  const sns = { ...env, PUSH_AUTH: 'sns', SNS_TOPIC_ARNS: TOPIC_ARN };
  for (const args of [['list'], ['show', '1'], ['replay', '--all'], ['drop', '--all', '--yes']]) {
    const { code, out, err } = await runCommand(['dead-letters', ...args], sns);
    t.equal(code, 2);
    t.equal(out, '');
    t.match(err, /DEAD_LETTER_TOPIC is not set.*EventBridge.*SNS .*RedrivePolicy.*Event Grid.*blob/s);
  }
});

t.test('where Pub/Sub may be used, it prints the same if Google has no subscription', async (t) => {
  const { env } = await startUpstreams(t);
  const token = {
    ...env,
    PUSH_AUTH: 'token',
    PUSH_TOKEN: 'push-token-0123456789',
    // No server listens on this port.
    PUBSUB_EMULATOR_HOST: '127.0.0.1:9',
    GOOGLE_CLOUD_PROJECT: 'sandbox',
  };
  const { code, err } = await runCommand(['dead-letters', 'list'], token);
  t.equal(code, 3);
  t.match(err, /DEAD_LETTER_TOPIC is not set/);
  const topic = await runCommand(['dead-letters', 'list'], { ...token, DEAD_LETTER_TOPIC: 'dead-letters' });
  t.equal(topic.code, 3);
  t.notMatch(topic.err, /DEAD_LETTER_TOPIC is not set/);
});
