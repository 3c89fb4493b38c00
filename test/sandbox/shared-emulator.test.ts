import { spawn } from 'node:child_process';
import t from 'tap';
import { joinEmulator } from './shared-emulator.ts';
import { until } from './until.ts';

t.test('all processes of a run share one emulator, which ends when the run is killed', async (t) => {
  const run = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.teardown(() => run.kill('SIGKILL'));
  const [one, other] = await Promise.all([joinEmulator(run.pid ?? 0), joinEmulator(run.pid ?? 0)]);
  t.teardown(() => [one, other].map(({ socket }) => socket.destroy()));
  t.same(one.said, other.said);
  // What is missing is told by pubsub-emulator.test.ts.
  if ('missing' in one.said) return;
  const { host } = one.said;
  const answers = () =>
    fetch(`http://${host}/`).then(
      ({ ok }) => ok,
      () => false,
    );
  one.socket.destroy();
  t.ok(await answers(), 'it stays for the other');
  run.kill('SIGKILL');
  t.ok(await until(async () => !(await answers())), 'it does not outlive the run');
});
